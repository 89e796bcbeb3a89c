"""A disk that is full while a training writes: the cause is told, and what was there stays.

A full disk is /dev/full under the name of the file: the kernel itself refuses the bytes with
ENOSPC, and no root is needed. It takes none of them, while a disk that fills up takes some first:
that is the limit on a file's size, at which the kernel cuts the file.
"""

import random
from typing import Any

import pytest

from tests.faults.baseline import EPOCHS, Baseline
from tests.functional.sagemaker_requests import Account, training, unique

NO_SPACE = "No space left on device"
FULL_FOR = "ln -s /dev/full $SAGEMAKER_BASE_DIR/{}; exec train"
LIMITED_TO = "ulimit -f {}; exec train"  # in blocks of 1,024 bytes


@pytest.mark.parametrize("cut", [False, True], ids=["no byte fits", "some bytes fit"])
def test_a_checkpoint_that_does_not_fit(
    account: Account, baseline: Baseline, chance: random.Random, cut: bool
) -> None:
    before = baseline.checkpoints[:-1]
    blocks = chance.randrange(256, 700)
    fault = LIMITED_TO.format(blocks) if cut else _full(f"checkpoints/epoch-{EPOCHS:04d}.partial")
    request = _with_fault(baseline, fault)
    given = baseline.give_checkpoints(request, before)

    job = _fail(account, request)

    said = "File too large" if cut else NO_SPACE
    assert f"the checkpoint of epoch {EPOCHS} cannot be written: " in job["FailureReason"]
    assert said in job["FailureReason"]
    prefix = request["CheckpointConfig"]["S3Uri"]
    etags = baseline.pipeline.etags(prefix)
    assert len(etags) == len(given)
    originals = baseline.pipeline.etags(baseline.training["CheckpointConfig"]["S3Uri"])
    assert etags.items() <= originals.items()


def test_a_model_that_does_not_fit(
    account: Account, baseline: Baseline, chance: random.Random
) -> None:
    file = chance.choice(["model/best_checkpoint.keras", "model/history.csv"])
    request = _with_fault(baseline, _full(file))
    baseline.give_checkpoints(request, baseline.checkpoints)

    job = _fail(account, request)

    assert "the model cannot be written: " in job["FailureReason"]
    assert NO_SPACE in job["FailureReason"]
    assert "ModelArtifacts" not in job
    uris = (request["CheckpointConfig"]["S3Uri"], baseline.training["CheckpointConfig"]["S3Uri"])
    left, originals = (baseline.pipeline.etags(uri) for uri in uris)
    assert left == originals


def test_an_archive_that_does_not_fit(account: Account, chance: random.Random) -> None:
    size = chance.randrange(1, 1_000_000)
    script = (
        f"head -c {size} /dev/urandom > $SAGEMAKER_BASE_DIR/model/weights; "
        "echo saved > $SAGEMAKER_BASE_DIR/checkpoints/epoch; ln -s /dev/full $TMPDIR/model.tar.gz"
    )
    name = unique("archive")
    checkpoints = {"S3Uri": account.uri(f"{name}/checkpoints")}

    job = _fail(
        account, training(name, account.uri("models"), script, CheckpointConfig=checkpoints)
    )

    assert job["FailureReason"].startswith("ClientError: Artifact upload failed: ")
    assert NO_SPACE in job["FailureReason"]
    assert "ModelArtifacts" not in job
    assert account.keys(f"models/{name}") == []
    assert account.get(f"{name}/checkpoints/epoch") == b"saved\n"


def _full(file: str) -> str:
    return FULL_FOR.format(file)


def _with_fault(baseline: Baseline, script: str) -> dict[str, Any]:
    """Return the baseline's training with something done to its container at the start."""
    algorithm = baseline.training["AlgorithmSpecification"]
    entrypoint = {"ContainerEntrypoint": ["/bin/bash", "-ec", script]}
    return baseline.again(AlgorithmSpecification=algorithm | entrypoint)


def _fail(account: Account, request: dict[str, Any]) -> dict[str, Any]:
    """Run a training job to its bad end; return its description."""
    account.sagemaker.create_training_job(**request)
    job: dict[str, Any] = account.ended_training(request["TrainingJobName"])
    assert job["TrainingJobStatus"] == "Failed", account.job_log(request["TrainingJobName"])
    return job
