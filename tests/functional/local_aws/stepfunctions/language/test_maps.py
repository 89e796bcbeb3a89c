"""Maps through boto3, where moto ends them otherwise than AWS."""

from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from tests.functional.local_aws.stepfunctions.test_executions import run


@pytest.fixture
def states(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("stepfunctions")


def test_a_map_over_no_list_fails_the_execution_as_it_is_entered(states: Any) -> None:
    inner = {"StartAt": "Item", "States": {"Item": {"Type": "Pass", "End": True}}}
    state = {"Type": "Map", "ItemsPath": "$.x", "ItemProcessor": inner, "End": True}

    execution = run(states, ("Map", state), given='{"x": {"a": 1}}')
    history = states.get_execution_history(executionArn=execution["executionArn"])["events"]

    assert (execution["error"], execution["cause"]) == (
        "States.Runtime",
        "An error occurred while executing the state 'Map' (entered at the event id #2). "
        'Reference path "$.x" must point to array.',
    )
    assert [event["type"] for event in history] == [
        *("ExecutionStarted", "MapStateEntered", "ExecutionFailed"),
    ]
