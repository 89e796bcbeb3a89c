"""Training jobs through boto3: the toolkit, channels, checkpoints, artifacts, metrics, the end."""

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.faults.leaks import job_processes
from tests.functional.sagemaker_requests import (
    Account,
    archive,
    channel,
    training,
    unique,
    unpacked,
)
from tests.support.gate import Gate
from tests.support.waiting import eventually

GROUP = "/aws/sagemaker/TrainingJobs"
METRICS = [
    {"Name": "train:loss", "Regex": "; loss=([^;]+);"},
    {"Name": "train:accuracy", "Regex": "; accuracy=([^;]+);"},
]
MAIN = """
import argparse, os, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int)
parser.add_argument("--train", default=os.environ["SM_CHANNEL_TRAIN"])
options = parser.parse_args()
for epoch in range(options.epochs):
    print(f"epoch={epoch + 1}; loss={1 / (epoch + 1)};")
data = pathlib.Path(options.train, "x.txt").read_text()
pathlib.Path(os.environ["SM_MODEL_DIR"], "model.txt").write_text(data.upper())
"""


@pytest.fixture(scope="module")
def account(embedded_aws: EmbeddedAws) -> Account:
    return Account(embedded_aws)


def run(account: Account, script: str | None = None, **options: Any) -> Any:
    """Run a training job to its end; return its description."""
    name = options.pop("name", None) or unique("train")
    request = training(name, account.uri("models/"), script, **options)
    account.sagemaker.create_training_job(**request)
    return account.ended_training(name)


def transitions(job: Any) -> list[str]:
    return [entry["Status"] for entry in job["SecondaryStatusTransitions"]]


def test_the_toolkit_trains(account: Account) -> None:
    account.put("train/x.txt", "data")
    name = unique("toolkit")
    job = run(
        account,
        name=name,
        AlgorithmSpecification={"MetricDefinitions": METRICS},
        InputDataConfig=[channel("train", account.uri("train"))],
        HyperParameters={
            "sagemaker_program": "main.py",
            "sagemaker_submit_directory": account.put("code.tar.gz", archive({"main.py": MAIN})),
            "epochs": "4",
        },
    )

    assert job["TrainingJobStatus"] == "Completed", account.job_log(name)
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == account.uri(
        f"models/{name}/output/model.tar.gz"
    )
    assert unpacked(account.get(f"models/{name}/output/model.tar.gz")) == {"model.txt": b"DATA"}
    assert account.keys(f"models/{name}/") == [f"models/{name}/output/model.tar.gz"]
    [metric] = job["FinalMetricDataList"]
    assert (metric["MetricName"], metric["Value"]) == ("train:loss", 0.25)
    assert "epoch=4; loss=0.25;" in account.log_events(GROUP, name)


def test_the_description_tells_the_whole_story(account: Account) -> None:
    job = run(account, "true")

    assert transitions(job) == ["Starting", "Downloading", "Training", "Uploading", "Completed"]
    assert job["SecondaryStatus"] == "Completed"
    for before, after in pairwise(job["SecondaryStatusTransitions"]):
        assert before["EndTime"] == after["StartTime"]
        assert before["StatusMessage"]
    seconds = (job["TrainingEndTime"] - job["TrainingStartTime"]).total_seconds()
    assert job["TrainingTimeInSeconds"] == job["BillableTimeInSeconds"] == math.ceil(seconds)
    assert job["EnableManagedSpotTraining"] is False
    assert job["CreationTime"] <= job["TrainingStartTime"] <= job["TrainingEndTime"]


def test_the_container_has_its_configuration_and_data(account: Account) -> None:
    account.put("train/x.txt", "data")
    name = unique("configured")
    job = run(
        account,
        "cd $SAGEMAKER_BASE_DIR; cp -r input/config input/data output/data; echo $TRAINING_JOB_ARN",
        name=name,
        HyperParameters={"epochs": "4"},
        InputDataConfig=[channel("train", account.uri("train/"))],
    )

    files = unpacked(account.get(f"models/{name}/output/output.tar.gz"))
    assert files["data/train/x.txt"] == b"data"
    assert files["config/hyperparameters.json"] == b'{"epochs": "4"}'
    assert b'"TrainingInputMode": "File"' in files["config/inputdataconfig.json"]
    assert b'"hosts": ["algo-1"]' in files["config/resourceconfig.json"]
    assert account.job_log(name).strip() == job["TrainingJobArn"]


def test_the_last_value_of_each_metric_is_kept(account: Account) -> None:
    job = run(
        account,
        "echo 'epoch=1; loss=0.9; accuracy=0.1;'; echo 'epoch=2; loss=oops; accuracy=0.8;'",
        AlgorithmSpecification={"MetricDefinitions": METRICS},
    )

    values = {item["MetricName"]: item["Value"] for item in job["FinalMetricDataList"]}
    assert values == pytest.approx({"train:loss": 0.9, "train:accuracy": 0.8})


def test_a_failure_gives_its_first_1024_characters(account: Account) -> None:
    short = run(account, "printf 'no data' > $SAGEMAKER_BASE_DIR/output/failure; exit 2")
    long = run(account, "printf 'é%.0s' $(seq 5000) > $SAGEMAKER_BASE_DIR/output/failure; exit 1")
    silent = run(account, "exit 7")
    killed = run(account, "kill -9 $$")

    assert short["TrainingJobStatus"] == "Failed"
    assert short["FailureReason"] == "AlgorithmError: no data, exit code: 2"
    assert "ModelArtifacts" not in short
    assert transitions(short)[-1] == "Failed"
    assert len(long["FailureReason"]) == 1024
    assert silent["FailureReason"] == "AlgorithmError: , exit code: 7"
    assert killed["FailureReason"] == "AlgorithmError: , exit code: 137"


def test_the_toolkit_reports_a_script_that_fails(account: Account) -> None:
    account.put("train/x.txt", "data")
    code = account.put("bad.tar.gz", archive({"main.py": "raise ValueError('torn file')"}))

    job = run(
        account,
        InputDataConfig=[channel("train", account.uri("train"))],
        HyperParameters={"sagemaker_program": "main.py", "sagemaker_submit_directory": code},
    )

    assert job["TrainingJobStatus"] == "Failed"
    said = 'AlgorithmError: ExecuteUserScriptError:\nExitCode 1\nErrorMessage "'
    assert job["FailureReason"].startswith(said)
    assert "ValueError: torn file" in job["FailureReason"]


def test_checkpoints_are_restored_and_mirrored_while_the_job_runs(account: Account) -> None:
    account.put("checkpoints/epoch-1", "one")
    name = unique("checkpointed")
    gate = Gate()
    script = (
        f"cd $SAGEMAKER_BASE_DIR/checkpoints; cat epoch-1; mkdir new; echo two > new/epoch-2; "
        f"rm epoch-1; {gate.shell}; echo three > epoch-3"
    )
    request = training(
        name,
        account.uri("models"),
        script,
        CheckpointConfig={"S3Uri": account.uri("checkpoints/")},
    )
    account.sagemaker.create_training_job(**request)

    eventually(lambda: account.keys("checkpoints/") == ["checkpoints/new/epoch-2"])
    assert account.job_log(name) == "one"
    gate.open()

    assert account.ended_training(name)["TrainingJobStatus"] == "Completed"
    assert account.keys("checkpoints/") == ["checkpoints/epoch-3", "checkpoints/new/epoch-2"]


def test_a_stopped_job_keeps_its_checkpoints_and_its_model(account: Account) -> None:
    name = unique("stopped")
    script = (
        "cd $SAGEMAKER_BASE_DIR; trap 'echo half > model/half; echo last > checkpoints/last; "
        "exit 0' TERM; echo ready; while true; do sleep 0.05; done"
    )
    request = training(
        name,
        account.uri("models"),
        script,
        CheckpointConfig={"S3Uri": account.uri("stopped")},
    )
    account.sagemaker.create_training_job(**request)
    eventually(lambda: "ready" in account.job_log(name))

    account.sagemaker.stop_training_job(TrainingJobName=name)

    job = account.ended_training(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
    assert transitions(job)[-3:] == ["Stopping", "Uploading", "Stopped"]
    assert account.keys("stopped/") == ["stopped/last"]
    assert "half" in unpacked(account.get(f"models/{name}/output/model.tar.gz"))
    with pytest.raises(ClientError, match="is in status Stopped"):
        account.sagemaker.stop_training_job(TrainingJobName=name)


PATIENT = """
import os, pathlib, signal, sys
def save(*_):
    pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"], "checkpoints", "saved").touch()
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
print("ready")
signal.pause()
"""


def test_the_script_under_the_toolkit_has_time_to_save(account: Account) -> None:
    name = unique("patient")
    code = account.put("patient.tar.gz", archive({"main.py": PATIENT}))
    request = training(
        name,
        account.uri("models"),
        HyperParameters={"sagemaker_program": "main.py", "sagemaker_submit_directory": code},
        CheckpointConfig={"S3Uri": account.uri("patient")},
    )
    account.sagemaker.create_training_job(**request)
    eventually(lambda: "ready" in account.job_log(name).splitlines())

    account.sagemaker.stop_training_job(TrainingJobName=name)

    assert account.ended_training(name)["TrainingJobStatus"] == "Stopped"
    assert account.keys("patient/") == ["patient/saved"]


def test_a_job_over_its_time_is_stopped(account: Account) -> None:
    job = run(account, "sleep 60", StoppingCondition={"MaxRuntimeInSeconds": 1})

    assert job["TrainingJobStatus"] == "Stopped"
    assert job["SecondaryStatus"] == "MaxRuntimeExceeded"
    assert "ModelArtifacts" not in job


def test_a_channel_without_objects_is_refused_at_once(account: Account) -> None:
    empty = channel("train", account.uri("nothing/"))
    request = training(unique("empty"), account.uri("models"), "true", InputDataConfig=[empty])

    with pytest.raises(ClientError, match="No S3 objects found under S3 URL") as refused:
        account.sagemaker.create_training_job(**request)

    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_a_name_is_taken_for_ever(account: Account) -> None:
    name = unique("once")
    run(account, "true", name=name)

    with pytest.raises(ClientError, match="Training job names must be unique") as refused:
        account.sagemaker.create_training_job(**training(name, account.uri("models"), "true"))

    assert refused.value.response["Error"]["Code"] == "ResourceInUse"


def test_a_training_job_and_a_processing_job_may_share_a_name(account: Account) -> None:
    name = unique("shared")
    run(account, "echo trained", name=name)
    account.sagemaker.create_processing_job(**account.processing(name, "echo processed"))

    assert account.ended_processing(name)["ProcessingJobStatus"] == "Completed"
    assert account.job_log(name) == "trained\n"
    assert account.job_log(f"{name}.2") == "processed\n"


def test_an_expression_that_is_none_is_refused(account: Account) -> None:
    broken = {"MetricDefinitions": [{"Name": "loss", "Regex": "("}]}
    request = training(
        unique("regex"), account.uri("models"), "true", AlgorithmSpecification=broken
    )

    with pytest.raises(ClientError, match="regular expression"):
        account.sagemaker.create_training_job(**request)


def test_tags_are_kept(account: Account) -> None:
    job = run(account, "true", Tags=[{"Key": "run", "Value": "one"}])

    tags = account.sagemaker.list_tags(ResourceArn=job["TrainingJobArn"])["Tags"]

    assert tags == [{"Key": "run", "Value": "one"}]


def test_jobs_end_with_the_server(tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path) as aws:
        account = Account(aws)
        name = unique("left")
        request = training(name, account.uri("models"), "echo up; while true; do sleep 1; done")
        account.sagemaker.create_training_job(**request)
        eventually(lambda: account.job_log(name))
        running = job_processes(aws.data_folder / "jobs" / name)

    assert len(running) >= 2
    assert not any(process.is_running() for process in running)
