"""Artifacts that somebody replaced after they were recorded: nothing of them is opened."""

import io
import tarfile
from pathlib import Path

import pytest

from state_machine.config import PipelineConfig
from tests.e2e.pipeline import Pipeline
from tests.support.waiting import eventually


@pytest.mark.slow
def test_a_champion_that_was_replaced_is_refused_by_its_digest(
    pipeline: Pipeline, digits: Path, settings: PipelineConfig
) -> None:
    for file in sorted(digits.iterdir()):
        pipeline.put("digits", file)
    (upload,) = eventually(pipeline.executions)
    package = pipeline.registered(upload)
    recorded = package["CustomerMetadataProperties"]["model_sha256"]
    model = package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"]
    pipeline.sagemaker.update_model_package(
        ModelPackageArn=package["ModelPackageArn"], ModelApprovalStatus="Approved"
    )

    untouched = pipeline.end_of(pipeline.start({"hyperparameters": {"seed": 1}}))
    assert untouched["output"]["champion"]["model_sha256"] == recorded
    _replace(pipeline, model)
    execution = pipeline.end_of(pipeline.start({"hyperparameters": {"seed": 2}}))

    assert "could not be scored" not in _said_of_the_champion(untouched)
    said = _said_of_the_champion(execution)
    assert "could not be scored: model.tar.gz: found a model with sha256" in said
    assert f"expected {recorded}" in said
    assert "was not opened" in said


def _replace(pipeline: Pipeline, uri: str) -> None:
    """Put a file of ours beside the model, and leave everything else as it is."""
    bucket, key = uri.removeprefix("s3://").split("/", 1)
    changed = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(pipeline.object(uri))) as old,
        tarfile.open(fileobj=changed, mode="w:gz") as new,
    ):
        for member in old:
            new.addfile(member, old.extractfile(member) if member.isreg() else None)
        payload = tarfile.TarInfo("1/payload.py")
        payload.size = 5
        new.addfile(payload, io.BytesIO(b"pass\n"))
    pipeline.s3.put_object(Bucket=bucket, Key=key, Body=changed.getvalue())


def _said_of_the_champion(execution: dict) -> str:
    rules = execution["output"]["quality_gate"]["rules"]
    return " ".join(rule["said"] for rule in rules)
