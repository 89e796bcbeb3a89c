"""Jobs that will not stop, and stops that come as the job ends by itself."""

import json
import random
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.faults import figures
from tests.faults.conftest import STOP_GRACE_SECONDS
from tests.faults.containers import let_pass
from tests.faults.leaks import job_processes
from tests.functional.sagemaker_requests import Account, training, unique
from tests.support.gate import Gate
from tests.support.roles import ROLE
from tests.support.waiting import eventually

RACES = 24
# The container's first process and one that left its process group, both deaf to SIGTERM.
DEAF = (
    "trap '' TERM; setsid bash -c \"trap '' TERM; while :; do sleep 0.1; done\" & "
    "echo ready; while :; do sleep 0.1; done"
)


@pytest.mark.parametrize("kind", ["Training", "Processing"])
def test_a_job_that_ignores_sigterm_is_killed_at_the_limit(
    account: Account, chance: random.Random, kind: str
) -> None:
    name = _create(account, kind, DEAF)
    eventually(lambda: "ready" in account.job_log(name))
    folder = account.aws.data_folder / "jobs" / name
    assert len(job_processes(folder)) >= 3

    _stop(account, kind, name)

    job = _ended(account, kind, name)
    assert job[f"{kind}JobStatus"] == "Stopped"
    assert (job[f"{kind}EndTime"] - _stop_began(job, kind)).total_seconds() >= STOP_GRACE_SECONDS
    eventually(lambda: not job_processes(folder))


@pytest.mark.parametrize("kind", ["Training", "Processing"])
def test_a_stop_that_races_with_the_end_gives_one_terminal_status(
    account: Account, chance: random.Random, kind: str
) -> None:
    statuses = [_race(account, kind, chance) for _ in range(RACES)]

    assert set(statuses) <= {"Completed", "Stopped"}
    share = statuses.count("Stopped") / RACES
    figures.record(f"share of {kind.lower()} jobs that were stopped as they ended", share)


@pytest.mark.parametrize("status", ["Stopped", "MaxRuntimeExceeded"])
def test_a_job_that_was_stopped_is_no_success_for_the_execution(
    account: Account, chance: random.Random, status: str
) -> None:
    seconds = 1 if status == "MaxRuntimeExceeded" else 600
    request = training(
        unique("limit"),
        account.uri("models"),
        "echo ready; trap 'exit 0' TERM; while :; do sleep 0.02; done",
        StoppingCondition={"MaxRuntimeInSeconds": seconds},
    )
    resource = "arn:aws:states:::sagemaker:createTrainingJob.sync"
    state = {"Type": "Task", "Resource": resource, "Parameters": request, "End": True}
    machine = account.states.create_state_machine(
        name=unique("machine"),
        definition=json.dumps({"StartAt": "Job", "States": {"Job": state}}),
        roleArn=ROLE,
    )["stateMachineArn"]
    arn = account.states.start_execution(stateMachineArn=machine)["executionArn"]
    name = request["TrainingJobName"]
    eventually(lambda: "ready" in account.job_log(name))
    if status == "Stopped":
        let_pass(chance, 0.2)
        _stop(account, "Training", name)

    job = account.ended_training(name)

    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", status)
    eventually(lambda: account.states.describe_execution(executionArn=arn)["status"] != "RUNNING")
    execution = account.states.describe_execution(executionArn=arn)
    assert (execution["status"], execution["error"]) == ("FAILED", "States.TaskFailed")
    assert json.loads(execution["cause"])["SecondaryStatus"] == status


def _race(account: Account, kind: str, chance: random.Random) -> str:
    """Let a job end and stop it at nearly the same time; return its one terminal status."""
    gate = Gate()
    name = _create(account, kind, f"echo ready; {gate.shell}")
    eventually(lambda: "ready" in account.job_log(name), every=0.01)
    opening = threading.Timer(chance.uniform(0, 0.02), gate.open)
    stopping = threading.Timer(chance.uniform(0, 0.08), _stop, (account, kind, name))
    for timer in (opening, stopping):
        timer.start()
    for timer in (opening, stopping):
        timer.join()
    job = _ended(account, kind, name)
    with pytest.raises(ClientError, match=f"is in status {job[f'{kind}JobStatus']}"):
        _stop(account, kind, name, even_ended=True)
    _without_metadata(job, _ended(account, kind, name))
    _assert_one_end(account, kind, job)
    return str(job[f"{kind}JobStatus"])


def _assert_one_end(account: Account, kind: str, job: dict[str, Any]) -> None:
    status = job[f"{kind}JobStatus"]
    assert "FailureReason" not in job
    if kind == "Training":
        entries = [entry["Status"] for entry in job["SecondaryStatusTransitions"]]
        assert [entry for entry in entries if entry in ("Completed", "Stopped")] == [status]
        assert entries[-1] == job["SecondaryStatus"] == status
        if status == "Completed":
            uri = job["ModelArtifacts"]["S3ModelArtifacts"]
            assert account.get(uri.removeprefix(account.uri("")))


def _create(account: Account, kind: str, script: str) -> str:
    name = unique(kind.lower())
    if kind == "Training":
        account.sagemaker.create_training_job(**training(name, account.uri("models"), script))
    else:
        account.sagemaker.create_processing_job(**account.processing(name, script))
    return name


def _stop(account: Account, kind: str, name: str, *, even_ended: bool = False) -> None:
    stop = getattr(account.sagemaker, f"stop_{kind.lower()}_job")
    try:
        stop(**{f"{kind}JobName": name})
    except ClientError as error:  # it had ended already
        if even_ended or "is in status Completed" not in str(error):
            raise


def _ended(account: Account, kind: str, name: str) -> dict[str, Any]:
    ended = account.ended_training if kind == "Training" else account.ended_processing
    job: dict[str, Any] = ended(name)
    return job


def _stop_began(job: dict[str, Any], kind: str) -> Any:
    if kind == "Processing":
        return job["ProcessingStartTime"]
    (stopping,) = [e for e in job["SecondaryStatusTransitions"] if e["Status"] == "Stopping"]
    return stopping["StartTime"]


def _without_metadata(one: dict[str, Any], other: dict[str, Any]) -> None:
    one, other = ({k: v for k, v in d.items() if k != "ResponseMetadata"} for d in (one, other))
    assert one == other
