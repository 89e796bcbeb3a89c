"""Executions before and after `kill -9` of the embedded AWS."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from moto.stepfunctions.parser.api import ExecutionStatus

from local_aws.state.state import State
from local_aws.stepfunctions.kept_executions import PART
from tests.functional.events import Queue, Rules
from tests.functional.sagemaker_requests import Account, unique
from tests.support.killable import KillableAws
from tests.support.roles import ROLE, ensure_role
from tests.support.waiting import eventually

PROCESS = "arn:aws:states:::sagemaker:createProcessingJob.sync"
PASS = {"Type": "Pass", "End": True}
WAIT = {"Type": "Wait", "Seconds": 600, "End": True}
FAIL = {"Type": "Fail", "Error": "Gate.Closed", "Cause": "0.1 < 0.2"}


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[KillableAws]:
    with KillableAws(tmp_path) as server:
        ensure_role(server)
        yield server


@pytest.fixture
def states(aws: KillableAws) -> Any:
    return aws.client("stepfunctions")


def create(states: Any, *machine: tuple[str, dict[str, Any]], **more: Any) -> str:
    definition = {"StartAt": machine[0][0], "States": dict(machine), **more}
    created = states.create_state_machine(
        name=unique("machine"), definition=json.dumps(definition), roleArn=ROLE
    )
    return str(created["stateMachineArn"])


def start(states: Any, machine: str, name: str = "run", given: str = "{}") -> str:
    started = states.start_execution(stateMachineArn=machine, name=name, input=given)
    return str(started["executionArn"])


def ended(states: Any, arn: str) -> Any:
    """Wait for the end; return what DescribeExecution says."""
    eventually(lambda: describe(states, arn)["status"] != "RUNNING")
    return describe(states, arn)


def describe(states: Any, arn: str) -> dict[str, Any]:
    return _without_metadata(states.describe_execution(executionArn=arn))


def history(states: Any, arn: str) -> list[dict[str, Any]]:
    return list(states.get_execution_history(executionArn=arn)["events"])


def types(states: Any, arn: str) -> list[str]:
    return [event["type"] for event in history(states, arn)]


def _without_metadata(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def test_what_had_ended_is_told_of_as_before(aws: KillableAws, states: Any) -> None:
    good = create(states, ("Pass", {"Type": "Pass", "Result": "é", "Next": "End"}), ("End", PASS))
    bad = create(states, ("Fail", FAIL))
    late = create(states, ("Wait", WAIT), TimeoutSeconds=1)
    arns = [start(states, machine, given='{"x": [1]}') for machine in (good, bad, late)]
    machines = [_without_metadata(states.describe_state_machine(stateMachineArn=good))]
    before = [(ended(states, arn), history(states, arn)) for arn in arns]
    eventually(lambda: types(states, arns[2])[-1] == "ExecutionTimedOut")
    before[2] = (describe(states, arns[2]), history(states, arns[2]))
    listed = [states.list_executions(stateMachineArn=good)["executions"]]

    aws.kill_and_start()
    aws.kill_and_start()  # what was put back is kept, too

    assert [(describe(states, arn), history(states, arn)) for arn in arns] == before
    assert [states.list_executions(stateMachineArn=good)["executions"]] == listed
    assert [_without_metadata(states.describe_state_machine(stateMachineArn=good))] == machines
    assert [execution["status"] for execution, _ in before] == ["SUCCEEDED", "FAILED", "TIMED_OUT"]
    for machine in (good, bad, late):
        _assert_name_is_taken(states, machine, given='{"x": [1]}')
    assert start(states, good, name="another").endswith(":another")


def test_what_was_running_is_aborted_with_the_cause(aws: KillableAws, states: Any) -> None:
    machine = create(states, ("First", {"Type": "Pass", "Next": "Wait"}), ("Wait", WAIT))
    arn = start(states, machine)
    eventually(lambda: "WaitStateEntered" in types(states, arn))
    before = history(states, arn)
    rules, queue = Rules(aws), Queue(aws)
    detail = {"executionArn": [arn], "status": ["ABORTED"]}
    rules.put({"Arn": queue.arn}, pattern={"source": ["aws.states"], "detail": detail})

    aws.kill_and_start()

    execution = describe(states, arn)
    cause = (
        f"The embedded AWS ended while this execution was running. Resume: retrain redrive {arn}"
    )
    told = {"error": "LocalAws.Interrupted", "cause": cause}
    assert execution.items() >= {"status": "ABORTED", "redriveStatus": "REDRIVABLE", **told}.items()
    assert execution["stopDate"] > execution["startDate"]
    after = history(states, arn)
    assert after[:-1] == before
    assert (after[-1]["type"], after[-1]["id"]) == ("ExecutionAborted", len(after))
    assert after[-1]["executionAbortedEventDetails"] == told
    assert queue.body()["detail"].items() >= {"status": "ABORTED", **told}.items()
    running = states.list_executions(stateMachineArn=machine, statusFilter="RUNNING")
    assert running["executions"] == []
    _assert_name_is_taken(states, machine)


def test_an_orderly_stop_interrupts_it_too(aws: KillableAws) -> None:
    account, name = Account(aws), unique("job")
    machine = create(account.states, ("Job", _job(account, name, "sleep 600")))
    arn = start(account.states, machine)
    eventually(lambda: "TaskSubmitted" in types(account.states, arn))

    aws.stop()
    aws.start_again()

    execution = describe(account.states, arn)
    assert (execution["status"], execution["error"]) == ("ABORTED", "LocalAws.Interrupted")
    assert account.ended_processing(f"{name}-0")["ProcessingJobStatus"] == "Failed"


def test_a_redrive_repeats_no_finished_state_and_names_its_job_afresh(aws: KillableAws) -> None:
    account, name = Account(aws), unique("job")
    states = account.states
    unique_id = {"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}, "Next": "Job"}
    script = "case $PROCESSING_JOB_NAME in *-0) sleep 600;; esac"
    machine = create(states, ("Unique", unique_id), ("Job", _job(account, name, script)))
    arn = start(states, machine)
    eventually(lambda: "TaskSubmitted" in types(states, arn))
    before = types(states, arn)

    aws.kill_and_start()
    states.redrive_execution(executionArn=arn)

    execution = ended(states, arn)
    assert (execution["status"], execution["redriveCount"]) == ("SUCCEEDED", 1), execution
    assert json.loads(execution["output"])["ProcessingJobName"] == f"{name}-1"
    assert account.ended_processing(f"{name}-0")["ProcessingJobStatus"] == "Failed"
    assert types(states, arn) == [
        *before,
        *("ExecutionAborted", "ExecutionRedriven"),
        *("TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"),
        *("TaskStateExited", "ExecutionSucceeded"),
    ]


def test_redrives_and_their_tokens_are_known_afterwards(aws: KillableAws, states: Any) -> None:
    machine = create(states, ("Fail", FAIL))
    arn = start(states, machine)
    ended(states, arn)
    token = unique("token")
    date = states.redrive_execution(executionArn=arn, clientToken=token)["redriveDate"]
    before = ended(states, arn)
    changed = json.dumps({"StartAt": "Pass", "States": {"Pass": PASS}})
    states.update_state_machine(stateMachineArn=machine, definition=changed)

    aws.kill_and_start()

    assert describe(states, arn) == before
    again = states.redrive_execution(executionArn=arn, clientToken=token)
    assert again["redriveDate"] == date
    assert describe(states, arn)["redriveCount"] == 1
    states.redrive_execution(executionArn=arn)
    execution = ended(states, arn)
    assert (execution["status"], execution["redriveCount"]) == ("FAILED", 2)  # its own definition


def test_an_end_that_only_the_history_knows_is_the_end(aws: KillableAws, states: Any) -> None:
    good, bad = create(states, ("Pass", PASS)), create(states, ("Fail", FAIL))
    arns = [start(states, machine, given='{"x": "é"}') for machine in (good, bad)]
    before = [ended(states, arn) for arn in arns]

    aws.kill()
    # As if it had been struck after the last event was saved and before the new status was.
    for arn in arns:
        _set_running(aws.data_folder, arn)
    aws.start_again()

    after = [describe(states, arn) for arn in arns]
    for was, execution in zip(before, after, strict=True):
        late = was.pop("stopDate") - execution.pop("stopDate")
        assert 0 <= late.total_seconds() < 1  # the time of the event
        assert execution == was


def test_executions_go_with_their_machine(aws: KillableAws, states: Any) -> None:
    machine = create(states, ("Pass", PASS))
    ended(states, start(states, machine))
    states.delete_state_machine(stateMachineArn=machine)
    states.create_state_machine(
        name=machine.rpartition(":")[2],
        definition=json.dumps({"StartAt": "Pass", "States": {"Pass": PASS}}),
        roleArn=ROLE,
    )

    aws.kill_and_start()

    assert states.list_executions(stateMachineArn=machine)["executions"] == []
    assert ended(states, start(states, machine))["status"] == "SUCCEEDED"


def _assert_name_is_taken(states: Any, machine: str, given: str = "{}") -> None:
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        start(states, machine, given=given)


def _set_running(data_folder: Path, arn: str) -> None:
    """Write into the state of a server that is gone that the execution has not ended."""
    kept: dict[str, Any] = {}
    state = State(data_folder)
    state.keep(PART, kept.get, kept.__setitem__)
    state.restore()
    unknown = {"stop_date": None, "output": None, "error": None, "cause": None}
    progress = {**kept[arn].progress, **unknown, "exec_status": ExecutionStatus.RUNNING}
    kept[arn] = replace(kept[arn], progress=progress)
    state.changed(PART, arn)
    state.close()


def _job(account: Account, name: str, script: str) -> dict[str, Any]:
    """A processing job under the name and the number of the redrive."""
    parameters = account.processing(name, script)
    del parameters["ProcessingJobName"]
    parameters["ProcessingJobName.$"] = f"States.Format('{name}-{{}}', $$.Execution.RedriveCount)"
    return {"Type": "Task", "Resource": PROCESS, "Parameters": parameters, "End": True}
