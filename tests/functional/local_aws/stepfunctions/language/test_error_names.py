"""Errors of branches through boto3: their names stay, and reach the outer state's Catch."""

import json
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from tests.functional.local_aws.stepfunctions.test_executions import run

TOO_LATE = {
    "StartAt": "Call",
    "States": {
        "Call": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {"QueueUrl.$": "$.queue", "MessageBody.$": "$$.Task.Token"},
            "TimeoutSeconds": 1,
            "End": True,
        }
    },
}
FAILED = {
    "StartAt": "End",
    "States": {"End": {"Type": "Fail", "Error": "States.TaskFailed", "Cause": "as it was"}},
}
PARALLEL = {"Type": "Parallel", "Branches": [FAILED]}
MAP = {"Type": "Map", "ItemProcessor": FAILED, "ItemsPath": "$.items"}


@pytest.fixture
def states(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("stepfunctions")


def caught(state: dict[str, Any], error: str) -> list[tuple[str, dict[str, Any]]]:
    catch = {"Catch": [{"ErrorEquals": [error], "Next": "Caught"}], "End": True}
    return [("State", {**state, **catch}), ("Caught", {"Type": "Pass", "End": True})]


@pytest.mark.parametrize("state", [PARALLEL, MAP], ids=["Parallel", "Map"])
@pytest.mark.parametrize("error", ["States.TaskFailed", "States.ALL"])
def test_an_error_of_the_language_in_a_branch_reaches_the_outer_catch(
    states: Any, state: dict[str, Any], error: str
) -> None:
    execution = run(states, *caught(state, error), given='{"items": [1]}')

    assert execution["status"] == "SUCCEEDED"
    assert json.loads(execution["output"]) == {"Error": "States.TaskFailed", "Cause": "as it was"}


def test_a_timeout_in_a_branch_is_a_timeout_outside(embedded_aws: EmbeddedAws, states: Any) -> None:
    queue = embedded_aws.client("sqs").create_queue(QueueName="never-answered")["QueueUrl"]
    state = {"Type": "Parallel", "Branches": [TOO_LATE]}

    execution = run(states, *caught(state, "States.Timeout"), given=json.dumps({"queue": queue}))

    assert json.loads(execution["output"])["Error"] == "States.Timeout"


def test_an_uncaught_error_of_a_branch_fails_the_execution_by_its_name(states: Any) -> None:
    execution = run(states, ("State", {**PARALLEL, "End": True}))

    assert (execution["error"], execution["cause"]) == ("States.TaskFailed", "as it was")
