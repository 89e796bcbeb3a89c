"""kill -9 of the process that does the work, at a moment that chance chooses."""

import json
import random
import re
from datetime import UTC, datetime
from typing import Any

from tests.faults import figures
from tests.faults.baseline import EPOCHS, Baseline
from tests.faults.containers import finished_epochs, kill_script, let_pass
from tests.functional.sagemaker_requests import Account
from tests.support.waiting import eventually


def test_a_training_that_is_killed_resumes_and_ends_with_the_same_weights(
    account: Account, baseline: Baseline, chance: random.Random
) -> None:
    request = baseline.again()
    killed = request["TrainingJobName"]
    account.sagemaker.create_training_job(**request)
    epochs_before = chance.randrange(EPOCHS - 1)
    eventually(lambda: len(finished_epochs(account, killed)) >= epochs_before)

    let_pass(chance, baseline.epoch_seconds)
    kill_script(account, killed, "main.py", whole=chance.random() < 0.5)

    job = account.ended_training(killed)
    assert job["TrainingJobStatus"] == "Failed"
    finished = finished_epochs(account, killed)
    following = baseline.again(CheckpointConfig=request["CheckpointConfig"])
    account.sagemaker.create_training_job(**following)
    if len(finished) < EPOCHS:  # else it was killed behind its last epoch
        _record_the_wait_for_an_epoch(account, job, following["TrainingJobName"])
    resumed = _completed(account, following)
    assert baseline.weights_of(resumed) == baseline.weights
    # No finished epoch is done again: only the one that was interrupted.
    again = finished_epochs(account, resumed["TrainingJobName"])
    redone = set(finished) & set(again)
    figures.record("finished epochs redone after a kill", len(redone))
    assert not redone
    assert len(finished) + len(again) in (EPOCHS, EPOCHS - 1)  # saved, but killed before it said so
    assert not [key for key in _left(baseline, request) if not key.endswith(".npz")]


def _record_the_wait_for_an_epoch(account: Account, killed: dict[str, Any], name: str) -> None:
    def is_on() -> bool:
        ended = account.sagemaker.describe_training_job(TrainingJobName=name)
        saved = (
            ended["TrainingJobStatus"] == "Completed"
        )  # all epochs, but killed before it said so
        return bool(finished_epochs(account, name)) or saved

    eventually(is_on)
    waited = (datetime.now(UTC) - killed["TrainingEndTime"]).total_seconds()
    figures.record("seconds from a kill of the training to its next finished epoch", waited)


def test_killed_jobs_of_an_execution_are_run_again_with_the_same_result(
    account: Account, baseline: Baseline, chance: random.Random
) -> None:
    pipeline = baseline.pipeline
    arn = pipeline.start({})
    run = arn.rpartition(":")[2]

    for step, script in (
        ("preprocess", "preprocessing.py"),
        ("train", "main.py"),
        ("evaluate", "evaluation.py"),
    ):
        kill_script(account, f"{run}-{step}-0-0", script, whole=chance.random() < 0.5)

    execution = pipeline.end_of(arn)
    assert execution["status"] == "SUCCEEDED", execution
    output, expected = execution["output"], baseline.execution["output"]
    for job in ("preprocessing_job", "training_job", "evaluation_job"):
        assert output[job]["job_name"].endswith("-1-0")
    assert _arrays(baseline, output) == _arrays(baseline, expected)
    training = account.ended_training(output["training_job"]["job_name"])
    assert baseline.weights_of(training) == baseline.weights
    assert output["quality_gate"]["metrics"] == expected["quality_gate"]["metrics"]
    assert output["quality_gate"]["decision"] == expected["quality_gate"]["decision"]


def test_a_torn_newest_checkpoint_costs_one_epoch(
    account: Account, baseline: Baseline, chance: random.Random
) -> None:
    request = baseline.again()
    newest = baseline.give_checkpoints(request, baseline.checkpoints)[-1]
    bucket = baseline.pipeline.deployment.bucket
    whole = account.s3.get_object(Bucket=bucket, Key=newest)["Body"].read()
    torn = whole[: chance.randrange(len(whole))]
    account.s3.put_object(Bucket=bucket, Key=newest, Body=torn)

    job = _run(account, request)

    assert finished_epochs(account, job["TrainingJobName"]) == [EPOCHS]
    assert f"resuming after epoch {EPOCHS - 1}" in account.job_log(job["TrainingJobName"])
    assert baseline.weights_of(job) == baseline.weights


def test_a_loss_that_is_not_a_number_fails_the_training_and_leaves_no_model(
    account: Account, baseline: Baseline, chance: random.Random
) -> None:
    rate = f"{chance.uniform(1, 3)}e38"  # the second step overflows
    hyperparameters = {**baseline.training["HyperParameters"], "learning-rate": rate}
    request = baseline.again(HyperParameters=hyperparameters)
    account.sagemaker.create_training_job(**request)

    job = account.ended_training(request["TrainingJobName"])

    assert job["TrainingJobStatus"] == "Failed"
    assert re.search(r"loss is (nan|inf) in epoch 1, expected a finite", job["FailureReason"])
    assert "ModelArtifacts" not in job
    assert _left(baseline, request) == []


def _run(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Run a training job to its good end; return its description."""
    account.sagemaker.create_training_job(**request)
    return _completed(account, request)


def _completed(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Wait for the good end of a training job; return its description."""
    job: dict[str, Any] = account.ended_training(request["TrainingJobName"])
    assert job["TrainingJobStatus"] == "Completed", json.dumps(job, default=str)
    return job


def _left(baseline: Baseline, request: dict[str, Any]) -> list[str]:
    return baseline.pipeline.keys(request["CheckpointConfig"]["S3Uri"])


def _arrays(baseline: Baseline, output: dict[str, Any]) -> dict[str, str]:
    """Return the digest of each file that preprocessing wrote, by its name."""
    prefix = output["paths"]["preprocessing"]
    return baseline.pipeline.etags(prefix)
