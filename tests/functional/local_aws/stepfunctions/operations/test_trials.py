"""TestState through boto3: one state, and what it made of its input."""

import json
from typing import Any

import pytest

from tests.support.roles import ROLE

CHOICE = {
    "Type": "Choice",
    "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "One"}],
    "Default": "Other",
}
MISSING = {
    "Type": "Task",
    "Resource": "arn:aws:states:::sqs:sendMessage",
    "Parameters": {"QueueUrl": "http://127.0.0.1/123456789012/none", "MessageBody": "a"},
    "End": True,
}
CATCH = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Caught"}]
RETRY = [{"ErrorEquals": ["States.TaskFailed"]}]


def trial(states: Any, state: dict[str, Any], given: Any = None, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = states.test_state(
        definition=json.dumps(state), input=json.dumps(given or {}), roleArn=ROLE, **more
    )
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def test_a_state_tells_its_output_and_what_follows(states: Any) -> None:
    goes_on = {"Type": "Pass", "Result": {"b": 2}, "ResultPath": "$.c", "Next": "Then"}

    assert trial(states, goes_on, {"a": 1}) == {
        "status": "SUCCEEDED",
        "output": '{"a":1,"c":{"b":2}}',
        "nextState": "Then",
    }
    assert trial(states, CHOICE, {"a": 1})["nextState"] == "One"
    assert trial(states, CHOICE, {"a": 2})["nextState"] == "Other"
    assert trial(states, {"Type": "Succeed"}, {"a": 1}) == {
        "status": "SUCCEEDED",
        "output": '{"a":1}',
    }
    assert trial(states, {"Type": "Fail", "Error": "Own", "Cause": "because"}) == {
        "status": "FAILED",
        "error": "Own",
        "cause": "because",
    }


def test_a_level_shows_the_steps_of_the_data(states: Any) -> None:
    state = {"Type": "Pass", "InputPath": "$.in", "Parameters": {"x.$": "$.a"}, "End": True}

    assert "inspectionData" not in trial(states, state, {"in": {"a": 1}})
    seen = trial(states, state, {"in": {"a": 1}}, inspectionLevel="DEBUG")["inspectionData"]

    assert json.loads(seen["input"]) == {"in": {"a": 1}}
    assert json.loads(seen["afterInputPath"]) == {"a": 1}
    assert json.loads(seen["afterParameters"]) == {"x": 1}


def test_a_task_that_fails_is_caught_retried_or_failed(states: Any) -> None:
    failed = trial(states, MISSING)
    caught = trial(states, MISSING | {"Catch": CATCH})
    retried = trial(states, MISSING | {"Catch": CATCH, "Retry": RETRY})

    assert (failed["status"], "output" in failed) == ("FAILED", False)
    assert (caught["status"], caught["nextState"]) == ("CAUGHT_ERROR", "Caught")
    assert json.loads(caught["output"])["error"]["Error"] == caught["error"] == failed["error"]
    assert (retried["status"], retried["error"]) == ("RETRIABLE", failed["error"])
    assert "nextState" not in retried


def test_a_state_of_a_whole_machine_is_named(states: Any) -> None:
    machine = {"StartAt": "C", "States": {"C": CHOICE, "One": {"Type": "Succeed"}}}

    assert trial(states, machine, {"a": 1}, stateName="C")["nextState"] == "One"


@pytest.mark.parametrize(
    ("state", "more", "code"),
    [
        ({"Type": "Succeed"}, {"input": "{"}, "InvalidExecutionInput"),
        ({"Type": "Nothing"}, {}, "InvalidDefinition"),
        ({"StartAt": "A"}, {}, "InvalidDefinition"),
        ({"Type": "Map", "End": True}, {}, "UnknownOperationException"),
        ({"Type": "Succeed"}, {"variables": "{}"}, "UnknownOperationException"),
        (MISSING, {}, "ValidationException"),
    ],
)
def test_what_cannot_be_tested_is_refused(
    refused: Any, state: dict[str, Any], more: dict[str, Any], code: str
) -> None:
    assert refused("test_state", definition=json.dumps(state), **more)[0] == code
