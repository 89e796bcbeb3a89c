"""The variables of an execution, read from its history."""

from typing import Any

from local_aws.stepfunctions.language.variables import as_told


def left(state: str, **assigned: str) -> dict[str, Any]:
    return {"stateExitedEventDetails": {"name": state, "assignedVariables": assigned}}


def test_the_newest_value_counts_and_no_other_scope() -> None:
    events = [
        {"type": "ExecutionStarted"},
        left("One", x="1", y='{"z":"a"}'),
        left("Inner", x="5"),
        {"stateExitedEventDetails": {"name": "Map"}},
        left("Two", x="2"),
    ]

    assert as_told(events, {"One", "Map", "Two"}) == {"x": 2, "y": {"z": "a"}}
