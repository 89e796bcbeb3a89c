"""Managed spot training through boto3: interruptions, what time counts, and the longest wait."""

import math
from typing import Any
from urllib.error import HTTPError

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import Account, channel, training, unique, unpacked
from tests.support.waiting import eventually

# Each start counts one up in its checkpoint and waits for the end; the third one finishes.
COUNTING = (
    "cd $SAGEMAKER_BASE_DIR; n=$(( $(cat checkpoints/n || echo 0) + 1 )); "
    "echo found $(ls model); touch model/$n; echo $n > checkpoints/n; cat input/data/train/x; "
    "echo start $n; test $n = 3 || while true; do sleep 0.05; done"
)
PATIENT = "echo ready; while true; do sleep 0.05; done"


@pytest.fixture(scope="module")
def account(embedded_aws: EmbeddedAws) -> Account:
    account = Account(embedded_aws)
    account.put("train/x", "data\n")
    return account


def spot(account: Account, name: str, script: str, **more: Any) -> dict[str, Any]:
    """Return a CreateTrainingJob of spot with checkpoints below its own name."""
    options = {
        "EnableManagedSpotTraining": True,
        "InputDataConfig": [channel("train", account.uri("train/"))],
        "CheckpointConfig": {"S3Uri": account.uri(f"{name}/checkpoints")},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 900},
    }
    return training(name, account.uri("models"), script, **(options | more))


def started(account: Account, request: dict[str, Any], line: str = "ready") -> str:
    """Create the job and wait until it prints the line; return its name."""
    account.sagemaker.create_training_job(**request)
    name = str(request["TrainingJobName"])
    eventually(lambda: line in account.job_log(name))
    return name


def transitions(job: Any) -> list[str]:
    return [entry["Status"] for entry in job["SecondaryStatusTransitions"]]


def test_an_interrupted_job_goes_on_from_its_checkpoints_in_an_empty_container(
    account: Account,
) -> None:
    name = started(account, spot(account, unique("spot"), COUNTING), "start 1")

    for count in (1, 2):
        account.interrupt(name)
        eventually(lambda: f"start {count + 1}" in account.job_log(name))  # noqa: B023

    job = account.ended_training(name)
    assert job["TrainingJobStatus"] == "Completed", account.job_log(name)
    phases = ["Starting", "Downloading", "Training"]
    assert transitions(job) == [
        *(*phases, "Interrupted") * 2,
        *(*phases, "Uploading", "Completed"),
    ]
    lines = account.job_log(name).splitlines()
    # Nothing of the instance before, and the channel's data each time.
    assert (lines.count("found"), lines.count("data")) == (3, 3)
    assert account.get(f"{name}/checkpoints/n") == b"3\n"
    assert unpacked(account.get(f"models/{name}/output/model.tar.gz")) == {"3": b""}


def test_waiting_for_capacity_is_no_training_time(account: Account) -> None:
    name = started(account, spot(account, unique("waiting"), COUNTING), "start 1")
    account.interrupt(name)
    eventually(lambda: "start 2" in account.job_log(name))

    account.interrupt(name, capacity_returns_after=2)

    job = account.ended_training(name)
    entries = job["SecondaryStatusTransitions"]
    waited = sum(
        (entry["EndTime"] - entry["StartTime"]).total_seconds()
        for entry in entries
        if entry["Status"] in ("Interrupted", "Starting")
    )
    whole = (job["TrainingEndTime"] - job["CreationTime"]).total_seconds()
    assert waited >= 2
    assert job["TrainingTimeInSeconds"] <= math.ceil(whole - waited) + 1
    assert job["BillableTimeInSeconds"] == job["TrainingTimeInSeconds"]


def test_a_job_that_waits_too_long_is_stopped(account: Account) -> None:
    condition = {"MaxRuntimeInSeconds": 3, "MaxWaitTimeInSeconds": 3}
    request = spot(account, unique("longest"), PATIENT, StoppingCondition=condition)
    name = started(account, request)

    account.interrupt(name, capacity_returns_after=600)

    job = account.ended_training(name)
    assert job["TrainingJobStatus"] == "Stopped"
    assert job["SecondaryStatus"] == transitions(job)[-1] == "MaxWaitTimeExceeded"
    assert "ModelArtifacts" not in job


def test_the_longest_run_counts_the_time_on_all_instances(account: Account) -> None:
    condition = {"MaxRuntimeInSeconds": 2, "MaxWaitTimeInSeconds": 600}
    request = spot(account, unique("over"), PATIENT, StoppingCondition=condition)
    name = started(account, request)
    account.interrupt(name)

    job = account.ended_training(name)

    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert transitions(job).count("Training") == 2


def test_a_job_can_be_stopped_while_it_waits(account: Account) -> None:
    name = started(account, spot(account, unique("stopped"), PATIENT))
    account.interrupt(name, capacity_returns_after=600)

    account.sagemaker.stop_training_job(TrainingJobName=name)

    job = account.ended_training(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")


def test_only_a_spot_job_that_trains_can_be_interrupted(account: Account) -> None:
    on_demand = started(account, training(unique("demand"), account.uri("models"), PATIENT))
    over = started(account, spot(account, unique("over"), "echo ready"))
    account.ended_training(over)

    for name, said in (
        (on_demand, "not a managed spot"),
        (over, "in status Completed"),
        (unique("unknown"), "not found"),
    ):
        with pytest.raises(HTTPError) as refused:
            account.interrupt(name)
        assert refused.value.code == 400
        assert said in refused.value.read().decode()
    account.sagemaker.stop_training_job(TrainingJobName=on_demand)


@pytest.mark.parametrize(
    "refused",
    [
        {"StoppingCondition": {"MaxRuntimeInSeconds": 60}},
        {"StoppingCondition": {"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 59}},
        {"EnableManagedSpotTraining": False},
    ],
)
def test_a_wait_that_does_not_fit_is_refused(account: Account, refused: dict[str, Any]) -> None:
    request = spot(account, unique("refused"), "true", **refused)

    with pytest.raises(ClientError, match="Invalid MaxWaitTimeInSeconds") as error:
        account.sagemaker.create_training_job(**request)

    assert error.value.response["Error"]["Code"] == "ValidationException"
