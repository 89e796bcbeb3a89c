"""Runs that must not end registered, and what they say."""

import gzip
import json
import shutil
from pathlib import Path

import pytest

from state_machine.config import PipelineConfig
from tests.e2e.pipeline import Pipeline
from tests.support.waiting import eventually


def test_corrupt_data_fails_preprocessing_by_name_and_nothing_goes_downstream(
    pipeline: Pipeline, digits: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(digits, tmp_path / "corrupt"))
    labels = folder / "train-labels-idx1-ubyte.gz"
    labels.write_bytes(labels.read_bytes()[:-20])
    for file in folder.iterdir():
        pipeline.put("corrupt", file)
    (arn,) = eventually(pipeline.executions)

    execution = pipeline.end_of(arn)

    assert execution["status"] == "FAILED"
    assert execution["error"] == "States.TaskFailed"
    job = json.loads(execution["cause"])
    assert "train-labels-idx1-ubyte.gz" in job["ExitMessage"]
    assert pipeline.sagemaker.list_training_jobs()["TrainingJobSummaries"] == []
    assert pipeline.model_packages() == []


def test_an_unknown_field_in_the_input_is_a_clear_error(pipeline: Pipeline) -> None:
    execution = pipeline.end_of(pipeline.start({"epochs": 3}))

    assert execution["status"] == "FAILED"
    assert execution["error"] == "InvalidInputError"
    assert "epochs" in execution["cause"]
    assert "hyperparameters" in execution["cause"]


def test_a_model_below_a_threshold_is_rejected_with_the_reason(
    pipeline: Pipeline, digits: Path, settings: PipelineConfig
) -> None:
    strict = [{"metric": "accuracy", "op": ">=", "value": 0.9999}]
    gate = settings.gate.model_copy(update={"thresholds": strict})
    pipeline.deploy(settings.model_copy(update={"gate": gate}))
    for file in digits.iterdir():
        pipeline.put("digits", file)
    (arn,) = eventually(lambda: [arn for arn in pipeline.executions() if "digits" in arn])

    execution = pipeline.end_of(arn)

    assert execution["status"] == "FAILED"
    assert execution["error"] == "QualityGate.ThresholdNotMet"
    assert "accuracy" in execution["cause"]
    assert "0.9999" in execution["cause"]
    assert pipeline.model_packages() == []


@pytest.fixture(autouse=True)
def _nothing_keeps_running(pipeline: Pipeline):  # type: ignore[no-untyped-def]
    yield
    running = pipeline.states.list_executions(
        stateMachineArn=pipeline.deployment.state_machine_arn, statusFilter="RUNNING"
    )
    assert running["executions"] == []


def test_the_corruption_above_is_one_that_gzip_notices(digits: Path) -> None:
    content = (digits / "train-labels-idx1-ubyte.gz").read_bytes()[:-20]

    with pytest.raises(EOFError):
        gzip.decompress(content)
