"""Executions through boto3, where moto differs from AWS."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import unique
from tests.support.roles import ROLE
from tests.support.waiting import eventually

LIMIT = 262_144


@pytest.fixture
def states(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("stepfunctions")


def create(states: Any, *machine: tuple[str, dict[str, Any]], **more: Any) -> str:
    """Create a machine of the named states, one after the other; return its ARN."""
    names = [name for name, _ in machine]
    definition = {"StartAt": names[0], "States": dict(machine), **more}
    return str(
        states.create_state_machine(
            name=unique("machine"), definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]
    )


def ended(states: Any, arn: str) -> Any:
    def look() -> Any:
        execution = states.describe_execution(executionArn=arn)
        return None if execution["status"] == "RUNNING" else execution

    return eventually(look)


def run(states: Any, *machine: tuple[str, dict[str, Any]], given: str = "{}", **more: Any) -> Any:
    arn = create(states, *machine, **more)
    started = states.start_execution(stateMachineArn=arn, input=given)
    return ended(states, started["executionArn"])


def echo(**parameters: Any) -> tuple[str, dict[str, Any]]:
    return "Echo", {"Type": "Pass", "Parameters": parameters, "End": True}


WAIT = ("Wait", {"Type": "Wait", "Seconds": 600, "End": True})


def test_the_context_object_is_whole(states: Any) -> None:
    context = {
        "name.$": "$$.Execution.Name",
        "id.$": "$$.Execution.Id",
        "input.$": "$$.Execution.Input",
        "start.$": "$$.Execution.StartTime",
        "redrives.$": "$$.Execution.RedriveCount",
        "machine.$": "$$.StateMachine.Name",
    }

    execution = run(states, echo(**context), given='{"x": 1}')

    output = json.loads(execution["output"])
    assert output["name"] == execution["name"] == execution["executionArn"].split(":")[-1]
    assert re.fullmatch(r"[0-9a-f-]{36}", output["name"])
    assert output["id"] == execution["executionArn"]
    assert output["input"] == {"x": 1}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", output["start"])
    assert output["redrives"] == execution["redriveCount"] == 0
    assert execution["stateMachineArn"].endswith(output["machine"])


def test_unnamed_executions_are_told_apart(states: Any) -> None:
    arn = create(states, echo(x=1))

    started = {states.start_execution(stateMachineArn=arn)["executionArn"] for _ in range(3)}

    assert len(started) == 3


def test_a_name_starts_one_execution(states: Any) -> None:
    arn = create(states, WAIT)
    request = {"stateMachineArn": arn, "name": unique("once"), "input": '{"x": 1}'}

    with ThreadPoolExecutor(8) as pool:
        started = list(pool.map(lambda _: states.start_execution(**request), range(16)))

    assert len({item["executionArn"] for item in started}) == 1
    assert len({item["startDate"] for item in started}) == 1
    assert len(states.list_executions(stateMachineArn=arn)["executions"]) == 1
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(**{**request, "input": '{"x": 2}'})
    states.stop_execution(executionArn=started[0]["executionArn"])
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(**request)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{", "Expecting"),
        ('{"a": {"b": [NaN]}}', "a.b.0: NaN"),
        ('{"a": -Infinity}', "a: -Infinity"),
        ('{"a": 1e999}', "a: 1e999"),
    ],
)
def test_an_input_that_is_no_json_is_refused(states: Any, given: str, said: str) -> None:
    arn = create(states, echo(x=1))

    with pytest.raises(states.exceptions.InvalidExecutionInput, match=said):
        states.start_execution(stateMachineArn=arn, input=given)


def test_a_stop_right_after_the_start_is_not_lost(states: Any) -> None:
    arn = states.start_execution(stateMachineArn=create(states, WAIT))["executionArn"]

    stopped = states.stop_execution(executionArn=arn, error="E", cause="C")

    execution = states.describe_execution(executionArn=arn)
    assert (execution["status"], execution["error"], execution["cause"]) == ("ABORTED", "E", "C")
    assert execution["stopDate"] == stopped["stopDate"]
    assert states.stop_execution(executionArn=arn)["stopDate"] == stopped["stopDate"]
    assert states.describe_execution(executionArn=arn)["error"] == "E"


def test_a_stop_ends_the_wait_before_a_retry(states: Any) -> None:
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 600, "MaxAttempts": 1}
    call = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sagemaker:describeModelPackage",
        "Parameters": {"ModelPackageName": "unknown"},
        "Retry": [retry],
        "End": True,
    }
    arn = states.start_execution(stateMachineArn=create(states, ("Call", call)))["executionArn"]

    def types() -> list[str]:
        history = states.get_execution_history(executionArn=arn)["events"]
        return [event["type"] for event in history]

    eventually(lambda: "TaskFailed" in types())
    states.stop_execution(executionArn=arn)

    eventually(lambda: types()[-1] == "ExecutionAborted")


def test_a_timeout_has_an_end(states: Any) -> None:
    execution = run(states, WAIT, TimeoutSeconds=1)

    assert execution["status"] == "TIMED_OUT"
    assert execution["stopDate"] > execution["startDate"]
    [listed] = states.list_executions(stateMachineArn=execution["stateMachineArn"])["executions"]
    assert listed["stopDate"] == execution["stopDate"]


def test_a_failure_takes_its_words_from_the_input(states: Any) -> None:
    fail = {"Type": "Fail", "ErrorPath": "$.error", "CausePath": "$.gate.reason"}

    execution = run(
        states, ("Fail", fail), given='{"error": "Gate.Closed", "gate": {"reason": "0.1 < 0.2"}}'
    )

    assert execution["status"] == "FAILED"
    assert (execution["error"], execution["cause"]) == ("Gate.Closed", "0.1 < 0.2")


@pytest.mark.parametrize("value", ["RED", "1", 1, None, {"a": "ü"}, ["x"]])
def test_input_and_output_are_the_json_that_they_are(states: Any, value: Any) -> None:
    same = ("Same", {"Type": "Pass", "End": True})

    execution = run(states, same, given=json.dumps(value))

    assert json.loads(execution["output"]) == value
    assert json.loads(execution["input"]) == value


def test_the_history_is_paged_and_reversed(states: Any) -> None:
    execution = run(states, echo(x=1))
    arn = execution["executionArn"]

    everything = states.get_execution_history(executionArn=arn)["events"]
    [last] = states.get_execution_history(executionArn=arn, reverseOrder=True, maxResults=1)[
        "events"
    ]
    pages = states.get_paginator("get_execution_history").paginate(
        executionArn=arn, PaginationConfig={"PageSize": 3}
    )

    assert last["type"] == "ExecutionSucceeded"
    assert [event for page in pages for event in page["events"]] == everything


def test_the_history_is_told_without_data(states: Any) -> None:
    arn = run(states, echo(a=1), given='{"b": 2}')["executionArn"]

    told = states.get_execution_history(executionArn=arn, includeExecutionData=False)["events"]

    assert told[1]["stateEnteredEventDetails"] == {"name": "Echo"}
    assert told[2]["stateExitedEventDetails"] == {"name": "Echo"}
    whole = states.get_execution_history(executionArn=arn)["events"]
    assert json.loads(whole[1]["stateEnteredEventDetails"]["input"]) == {"b": 2}


def test_events_that_come_between_two_pages_move_no_older_one(states: Any) -> None:
    machine = create(states, ("First", {"Type": "Pass", "Next": "Wait"}), WAIT)
    arn = states.start_execution(stateMachineArn=machine)["executionArn"]

    def page(**more: Any) -> tuple[list[int], str | None]:
        answer = states.get_execution_history(executionArn=arn, reverseOrder=True, **more)
        return [event["id"] for event in answer["events"]], answer.get("nextToken")

    eventually(lambda: page()[0] == [4, 3, 2, 1])
    newest, token = page(maxResults=2)
    states.stop_execution(executionArn=arn)
    eventually(lambda: page()[0] == [5, 4, 3, 2, 1])

    assert newest == [4, 3]
    assert page(maxResults=2, nextToken=token) == ([2, 1], None)


@pytest.mark.parametrize(("size", "status"), [(LIMIT, "SUCCEEDED"), (LIMIT + 1, "FAILED")])
def test_a_state_may_hold_262144_bytes(states: Any, size: int, status: str) -> None:
    given = {"x": "é" * 1000}  # two bytes each in UTF-8
    padding = size - len(json.dumps({"longer": given["x"]}, ensure_ascii=False).encode()) + 1
    given["x"] += "x" * padding  # the one byte is the space that AWS does not count

    execution = run(
        states, echo(**{"longer.$": "$.x"}), given=json.dumps(given, ensure_ascii=False)
    )

    assert execution["status"] == status
    assert execution.get("error") == (None if size == LIMIT else "States.DataLimitExceeded")


def test_an_unknown_execution_is_not_found(states: Any) -> None:
    arn = create(states, echo(x=1)).replace(":stateMachine:", ":execution:") + ":unknown"

    with pytest.raises(ClientError, match="Execution Does Not Exist"):
        states.describe_execution(executionArn=arn)
