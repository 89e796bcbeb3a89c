"""RedriveExecution through boto3."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.conftest import Deploy
from tests.functional.sagemaker_requests import Account, unique
from tests.support.roles import ROLE
from tests.support.waiting import eventually

PROCESS = "arn:aws:states:::sagemaker:createProcessingJob.sync"
INVOKE = "arn:aws:states:::lambda:invoke"
NOT_FOUND = {
    "Type": "Task",
    "Resource": "arn:aws:states:::aws-sdk:sagemaker:describeModelPackage",
    "Parameters": {"ModelPackageName": "unknown"},
    "End": True,
}
# Raises until the execution has been redriven as often as the input says.
FAILS_UNTIL = """
def handler(event, context):
    if event["execution"]["RedriveCount"] < event["input"]["until"]:
        raise ValueError("not yet")
    return event
"""


@pytest.fixture
def states(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("stepfunctions")


@pytest.fixture
def fails_until(deploy: Deploy) -> Callable[..., dict[str, Any]]:
    """A task that fails until the execution has been redriven `$.until` times."""
    function = deploy(FAILS_UNTIL)

    def task(**more: Any) -> dict[str, Any]:
        payload = {"execution.$": "$$.Execution", "state.$": "$$.State", "input.$": "$"}
        parameters = {"FunctionName": function, "Payload": payload}
        state = {"Type": "Task", "Resource": INVOKE, "Parameters": parameters}
        onward = {} if "Next" in more else {"End": True}
        return {**state, "OutputPath": "$.Payload", **onward, **more}

    return task


def start(states: Any, *machine: tuple[str, dict[str, Any]], given: Any = None, **more: Any) -> str:
    """Create a machine and start it; return the execution's ARN."""
    definition = {"StartAt": machine[0][0], "States": dict(machine), **more}
    arn = states.create_state_machine(
        name=unique("machine"), definition=json.dumps(definition), roleArn=ROLE
    )["stateMachineArn"]
    return str(states.start_execution(stateMachineArn=arn, input=json.dumps(given))["executionArn"])


def ended(states: Any, arn: str) -> Any:
    def look() -> Any:
        execution = states.describe_execution(executionArn=arn)
        return None if execution["status"] == "RUNNING" else execution

    return eventually(look)


def redriven(states: Any, arn: str) -> Any:
    """Redrive the execution; return how it ended."""
    states.redrive_execution(executionArn=arn)
    return ended(states, arn)


def events(states: Any, arn: str) -> list[Any]:
    return list(states.get_execution_history(executionArn=arn)["events"])


def types(states: Any, arn: str) -> list[str]:
    return [event["type"] for event in events(states, arn)]


def test_a_failed_lambda_succeeds_after_a_redrive(
    states: Any, fails_until: Callable[..., dict[str, Any]]
) -> None:
    first = ("First", {"Type": "Pass", "Result": 1, "ResultPath": "$.first", "Next": "Work"})
    arn = start(states, first, ("Work", fails_until()), given={"until": 1})
    failed = ended(states, arn)
    assert (failed["status"], failed["redriveCount"]) == ("FAILED", 0)
    assert failed["redriveStatus"] == "REDRIVABLE"
    assert "redriveDate" not in failed
    before = events(states, arn)

    date = states.redrive_execution(executionArn=arn)["redriveDate"]

    execution = ended(states, arn)
    assert execution["status"] == "SUCCEEDED", execution
    assert "error" not in execution
    output = json.loads(execution["output"])
    assert output["input"] == {"until": 1, "first": 1}
    assert output["execution"]["Id"] == arn
    assert output["execution"]["Input"] == {"until": 1}
    assert output["execution"]["RedriveCount"] == execution["redriveCount"] == 1
    assert output["state"]["RetryCount"] == 0
    redrive_time = datetime.fromisoformat(output["execution"]["RedriveTime"])
    assert abs((redrive_time - execution["redriveDate"]).total_seconds()) < 0.01
    assert execution["redriveDate"] == date > failed["stopDate"]
    assert execution["startDate"] == failed["startDate"]
    assert execution["redriveStatus"] == "NOT_REDRIVABLE"
    assert execution["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"
    history = events(states, arn)
    assert history[: len(before)] == before
    assert [event["id"] for event in history] == list(range(1, len(history) + 1))
    assert [event["type"] for event in history[len(before) :]] == [
        *("ExecutionRedriven", "TaskScheduled", "TaskStarted", "TaskSucceeded"),
        *("TaskStateExited", "ExecutionSucceeded"),
    ]
    assert history[len(before)]["executionRedrivenEventDetails"] == {"redriveCount": 1}


def test_variables_are_there_again(states: Any) -> None:
    seen = {"Type": "Fail", "ErrorPath": "$seen.name"}
    assign = {"Type": "Pass", "Assign": {"seen": {"name": "Seen"}}, "Next": "Tell"}
    arn = start(states, ("Assign", assign), ("Tell", seen))
    assert ended(states, arn)["error"] == "Seen"

    assert redriven(states, arn)["error"] == "Seen"


def test_a_failed_job_runs_again_under_a_fresh_name(embedded_aws: EmbeddedAws) -> None:
    account, name = Account(embedded_aws), unique("job")
    parameters = account.processing(name, "case $PROCESSING_JOB_NAME in *-0) exit 1;; esac")
    del parameters["ProcessingJobName"]
    parameters["ProcessingJobName.$"] = f"States.Format('{name}-{{}}', $$.Execution.RedriveCount)"
    job = {"Type": "Task", "Resource": PROCESS, "Parameters": parameters, "End": True}
    arn = start(account.states, ("Job", job))
    assert ended(account.states, arn)["status"] == "FAILED"

    execution = redriven(account.states, arn)

    assert execution["status"] == "SUCCEEDED", execution
    assert json.loads(execution["output"])["ProcessingJobName"] == f"{name}-1"
    assert account.ended_processing(f"{name}-0")["ProcessingJobStatus"] == "Failed"


def test_it_can_be_redriven_again_and_repeats_no_finished_state(
    states: Any, fails_until: Callable[..., dict[str, Any]]
) -> None:
    unique_id = {"id.$": "States.UUID()"}
    unique_state = {"Type": "Pass", "Parameters": unique_id, "ResultPath": "$.unique"}
    first = fails_until(OutputPath="$", ResultPath="$.first", Next="Second")
    second = fails_until(OutputPath="$", ResultPath="$.second", InputPath="$.later")
    given = {"until": 1, "later": {"until": 2}}
    machine = ("Unique", {**unique_state, "Next": "First"}), ("First", first), ("Second", second)
    arn = start(states, *machine, given=given)
    ended(states, arn)

    assert redriven(states, arn)["status"] == "FAILED"
    execution = redriven(states, arn)

    assert execution["status"] == "SUCCEEDED", execution
    assert execution["redriveCount"] == 2
    output = json.loads(execution["output"])
    assert output["first"]["Payload"]["execution"]["RedriveCount"] == 1
    assert output["second"]["Payload"]["execution"]["RedriveCount"] == 2
    history = events(states, arn)
    [exited] = [e for e in history if e["type"] == "PassStateExited"]
    assert output["unique"] == json.loads(exited["stateExitedEventDetails"]["output"])["unique"]
    entered = [e["stateEnteredEventDetails"]["name"] for e in history if "Entered" in e["type"]]
    assert entered == ["Unique", "First", "Second"]
    counts = [e["executionRedrivenEventDetails"] for e in history if "Redriven" in e["type"]]
    assert counts == [{"redriveCount": 1}, {"redriveCount": 2}]


def test_retries_are_counted_anew(states: Any, fails_until: Callable[..., dict[str, Any]]) -> None:
    retry = {"ErrorEquals": ["ValueError"], "IntervalSeconds": 1, "MaxAttempts": 1}
    arn = start(states, ("Work", fails_until(Retry=[retry])), given={"until": 2})
    ended(states, arn)

    redriven(states, arn)

    assert types(states, arn).count("TaskScheduled") == 4


def test_a_token_resumes_once(states: Any) -> None:
    arn = start(states, ("Work", NOT_FOUND))
    ended(states, arn)
    request = {"executionArn": arn, "clientToken": unique("token")}

    first = states.redrive_execution(**request)["redriveDate"]
    ended(states, arn)
    second = states.redrive_execution(**request)["redriveDate"]

    assert first == second
    assert ended(states, arn)["redriveCount"] == 1
    assert types(states, arn).count("ExecutionRedriven") == 1


def test_of_many_at_once_one_resumes(states: Any) -> None:
    wait = ("Wait", {"Type": "Wait", "Seconds": 600, "End": True})
    arn = start(states, wait)
    states.stop_execution(executionArn=arn)

    def redrive(_: int) -> str:
        try:
            states.redrive_execution(executionArn=arn)
        except states.exceptions.ExecutionNotRedrivable as error:
            return str(error)
        return "resumed"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(redrive, range(8)))

    assert answers.count("resumed") == 1
    assert sum("Execution is RUNNING and cannot be redriven" in a for a in answers) == 7
    assert types(states, arn).count("ExecutionRedriven") == 1
    states.stop_execution(executionArn=arn)


def test_a_rejection_fails_again(states: Any) -> None:
    choice = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.good", "BooleanEquals": True, "Next": "Rejected"}],
        "Default": "Rejected",
    }
    fail = {"Type": "Fail", "Error": "QualityGate.ThresholdNotMet", "Cause": "0.1 < 0.2"}
    arn = start(states, ("Gate", choice), ("Rejected", fail), given={"good": False})
    ended(states, arn)

    execution = redriven(states, arn)

    assert (execution["status"], execution["redriveCount"]) == ("FAILED", 1)
    assert (execution["error"], execution["cause"]) == (fail["Error"], fail["Cause"])
    assert types(states, arn)[-3:] == ["ExecutionRedriven", "FailStateEntered", "ExecutionFailed"]
    assert types(states, arn).count("ChoiceStateEntered") == 1


def test_a_choice_that_failed_is_evaluated_again(states: Any) -> None:
    choice = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.missing", "StringEquals": "x", "Next": "End"}],
    }
    arn = start(states, ("Gate", choice), ("End", {"Type": "Succeed"}), given={})
    assert ended(states, arn)["status"] == "FAILED"

    assert redriven(states, arn)["status"] == "FAILED"

    assert types(states, arn).count("ChoiceStateEntered") == 2


def test_the_timeout_begins_anew(states: Any) -> None:
    wait = ("Wait", {"Type": "Wait", "Seconds": 600, "End": True})
    arn = start(states, wait, TimeoutSeconds=1)
    assert ended(states, arn)["status"] == "TIMED_OUT"

    states.redrive_execution(executionArn=arn)

    running = states.describe_execution(executionArn=arn)
    assert running["status"] == "RUNNING"
    assert "stopDate" not in running
    assert running["redriveStatusReason"] == "Execution is RUNNING and cannot be redriven"
    execution = ended(states, arn)
    assert execution["status"] == "TIMED_OUT"
    assert (execution["stopDate"] - execution["redriveDate"]).total_seconds() > 0.9
    eventually(lambda: types(states, arn).count("ExecutionTimedOut") == 2)
    assert types(states, arn) == [
        *("ExecutionStarted", "WaitStateEntered", "ExecutionTimedOut"),
        *("ExecutionRedriven", "WaitStateEntered", "ExecutionTimedOut"),
    ]


def test_an_aborted_job_leaves_nothing_behind_in_the_next_attempt(
    embedded_aws: EmbeddedAws,
) -> None:
    account, name = Account(embedded_aws), unique("job")
    parameters = account.processing(name, "case $PROCESSING_JOB_NAME in *-0) sleep 600;; esac")
    del parameters["ProcessingJobName"]
    parameters["ProcessingJobName.$"] = f"States.Format('{name}-{{}}', $$.Execution.RedriveCount)"
    job = {"Type": "Task", "Resource": PROCESS, "Parameters": parameters, "End": True}
    states = account.states
    arn = start(states, ("Job", job))
    eventually(lambda: "TaskSubmitted" in types(states, arn))

    states.stop_execution(executionArn=arn, error="Mine", cause="I said so")
    execution = redriven(states, arn)

    assert execution["status"] == "SUCCEEDED", execution
    [aborted] = [e for e in events(states, arn) if e["type"] == "ExecutionAborted"]
    assert aborted["executionAbortedEventDetails"] == {"error": "Mine", "cause": "I said so"}
    assert account.ended_processing(f"{name}-0")["ProcessingJobStatus"] == "Stopped"
    assert types(states, arn)[-6:] == [
        *("TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"),
        *("TaskStateExited", "ExecutionSucceeded"),
    ]


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
def test_an_end_inside_of_a_compound_state_is_refused(states: Any, kind: str) -> None:
    inner = {"StartAt": "Inner", "States": {"Inner": NOT_FOUND}}
    parts = {"Branches": [inner]} if kind == "Parallel" else {"ItemProcessor": inner}
    arn = start(states, ("Outer", {"Type": kind, **parts, "End": True}), given=[1])
    execution = ended(states, arn)
    assert execution["redriveStatus"] == "NOT_REDRIVABLE"

    with pytest.raises(states.exceptions.ExecutionNotRedrivable, match="embedded AWS") as raised:
        states.redrive_execution(executionArn=arn)

    assert execution["redriveStatusReason"] in str(raised.value)


def test_what_succeeded_is_not_redriven(states: Any) -> None:
    arn = start(states, ("End", {"Type": "Succeed"}))
    ended(states, arn)

    with pytest.raises(states.exceptions.ExecutionNotRedrivable, match="SUCCEEDED and cannot"):
        states.redrive_execution(executionArn=arn)


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("arn:aws:states:us-east-1:123456789012:execution:unknown:x", "ExecutionDoesNotExist"),
        ("not-an-arn", "InvalidArn"),
    ],
)
def test_what_is_no_execution_is_named(states: Any, arn: str, code: str) -> None:
    with pytest.raises(ClientError) as raised:
        states.redrive_execution(executionArn=arn)

    assert raised.value.response["Error"]["Code"] == code


def test_the_list_tells_of_redrives(states: Any) -> None:
    arn = start(states, ("Work", NOT_FOUND))
    machine = ended(states, arn)["stateMachineArn"]
    [before] = states.list_executions(stateMachineArn=machine)["executions"]

    execution = redriven(states, arn)

    [after] = states.list_executions(stateMachineArn=machine)["executions"]
    assert before["redriveCount"] == 0
    assert "redriveDate" not in before
    assert (after["redriveCount"], after["redriveDate"]) == (1, execution["redriveDate"])
