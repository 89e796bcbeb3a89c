"""Where a redriven execution goes on, read from its definition and its history."""

import json
from typing import Any

import pytest

from local_aws.stepfunctions.resume import CannotResumeError, ResumePoint, resume_point

DEFINITION: dict[str, Any] = {
    "StartAt": "First",
    "States": {
        "First": {"Type": "Task", "Next": "Choose"},
        "Choose": {"Type": "Choice", "Choices": [], "Default": "Both"},
        "Both": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "Inner", "States": {"Inner": {"Type": "Task"}}}],
            "Next": "Last",
        },
        "Last": {"Type": "Task", "End": True},
    },
}


def entered(name: str, given: Any, kind: str = "Task") -> dict[str, Any]:
    details = {"name": name, "input": json.dumps(given)}
    return {"type": f"{kind}StateEntered", "stateEnteredEventDetails": details}


def exited(name: str, output: Any, kind: str = "Task") -> dict[str, Any]:
    details = {"name": name, "output": json.dumps(output)}
    return {"type": f"{kind}StateExited", "stateExitedEventDetails": details}


def just(kind: str) -> dict[str, Any]:
    return {"type": kind}


STARTED = just("ExecutionStarted")
ABORTED = just("ExecutionAborted")
FIRST = [STARTED, entered("First", 1), just("TaskSucceeded"), exited("First", 2)]
CHOSEN = [*FIRST, entered("Choose", 2, "Choice"), exited("Choose", 2, "Choice")]


def point(*events: dict[str, Any]) -> ResumePoint:
    return resume_point(DEFINITION, events, "given")


def test_the_state_that_failed_gets_its_input_again() -> None:
    found = point(STARTED, entered("First", 1), just("TaskFailed"), just("ExecutionFailed"))

    assert found == ResumePoint("First", 1, entered=True)


def test_before_any_state_it_is_the_first_with_the_executions_input() -> None:
    assert point(STARTED, ABORTED) == ResumePoint("First", "given", entered=False)


def test_between_two_states_it_is_the_next_one() -> None:
    assert point(*FIRST, ABORTED) == ResumePoint("Choose", 2, entered=False)


def test_a_retried_success_goes_on_to_the_next_state() -> None:
    events = [STARTED, entered("First", 1), just("TaskFailed"), just("TaskSucceeded")]

    assert point(*events, exited("First", 2), ABORTED).state == "Choose"


def test_a_state_left_through_its_catch_runs_again() -> None:
    events = [STARTED, entered("First", 1), just("TaskTimedOut"), exited("First", 2), ABORTED]

    assert point(*events) == ResumePoint("First", 1, entered=True)


def test_a_choice_is_evaluated_again() -> None:
    assert point(*CHOSEN, ABORTED) == ResumePoint("Choose", 2, entered=True)


def test_an_end_inside_of_a_branch_names_the_state_around_it() -> None:
    with pytest.raises(CannotResumeError, match="Parallel state 'Both'"):
        point(*CHOSEN, entered("Both", 2, "Parallel"), entered("Inner", 2), just("TaskFailed"))


def test_behind_a_parallel_state_it_does_not_matter_any_more() -> None:
    both = [entered("Both", 2, "Parallel"), entered("Inner", 2), exited("Inner", 3)]
    both += [just("ParallelStateSucceeded"), exited("Both", [3], "Parallel")]

    found = point(*CHOSEN, *both, entered("Last", [3]), just("TaskFailed"))

    assert found == ResumePoint("Last", [3], entered=True)


def test_after_a_redrive_the_newest_entry_counts() -> None:
    redriven = [just("ExecutionFailed"), just("ExecutionRedriven"), just("TaskFailed")]

    assert point(*CHOSEN, entered("Last", 3), just("TaskFailed"), *redriven).state == "Last"
