"""The pipeline in examples/breast_cancer: the same state machine and gate, rows for images."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples.breast_cancer import data
from state_machine import config
from state_machine.config import PipelineConfig
from tests.e2e import serving
from tests.e2e.pipeline import Pipeline
from tests.support.pages import Page
from tests.support.paths import PROJECT
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

EXAMPLE = PROJECT / "examples" / "breast_cancer" / "pipeline.toml"
SPOTLESS = {"metric": "macro_f1", "op": ">=", "value": 1.0}  # some of these rows fool every model


@pytest.fixture(scope="module")
def settings() -> PipelineConfig:
    example = config.load(EXAMPLE)
    hyperparameters = example.training.hyperparameters | {"epochs": 12}
    return example.model_copy(
        update={
            "data": example.data.model_copy(update={"settle_seconds": 0}),
            "training": example.training.model_copy(update={"hyperparameters": hyperparameters}),
        }
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return data.write(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="module")
def execution(pipeline: Pipeline, files: Path) -> dict[str, Any]:
    """The execution that the upload of the files starts, at its end."""
    for file in sorted(files.iterdir()):
        pipeline.put("breast-cancer", file)
    (arn,) = eventually(pipeline.executions)
    return pipeline.end_of(arn)


def test_it_ends_registered_by_the_rules_of_its_own_gate(
    pipeline: Pipeline, execution: dict[str, Any]
) -> None:
    package = pipeline.registered(execution["executionArn"])

    assert package["ModelPackageGroupName"] == "breast-cancer-dev"
    gate = execution["output"]["quality_gate"]
    assert {rule["rule"]: rule["held"] for rule in gate["rules"]} == {
        "macro_f1 >= 0.9": True,
        "recall of class 1 >= 0.85": True,
        "macro_f1 at most 0.0 worse than the champion's": None,
    }


def test_its_report_opens_and_shows_rows(pipeline: Pipeline, execution: dict[str, Any]) -> None:
    report = pipeline.object(execution["output"]["paths"]["report"])

    page = Page(report.decode())
    page.assert_loads_and_runs_nothing()
    assert "✓ Passed the gate" in page.headings
    assert "on 171 test rows" in page.text
    assert "Test row said true sure furthest from the mean" in page.text
    assert "img" not in page.tags


def test_the_model_serves_raw_measurements(
    pipeline: Pipeline, execution: dict[str, Any], files: Path, tmp_path: Path
) -> None:
    archive = pipeline.object(execution["output"]["training_job"]["model_data_url"])
    predict = serving.load(archive, tmp_path, "float32")
    lines = [line.split(",") for line in (files / "test.csv").read_text().splitlines()[1:]]

    probabilities = predict(np.array([line[:-1] for line in lines], np.float32))

    malignant = np.array([line[-1] == "malignant" for line in lines])
    accuracy = float((probabilities.argmax(axis=1) == malignant).mean())
    found = execution["output"]["quality_gate"]["metrics"]["accuracy"]
    assert accuracy == pytest.approx(found)


def test_a_floor_that_is_not_met_rejects_and_the_weights_are_the_same(
    pipeline: Pipeline, execution: dict[str, Any], settings: PipelineConfig
) -> None:
    registered = pipeline.model_packages()
    gate = settings.gate.model_copy(update={"thresholds": [SPOTLESS]})
    pipeline.deploy(settings.model_copy(update={"gate": gate}))

    rejected = pipeline.end_of(pipeline.start({"dataset": "breast-cancer", "force": True}))

    assert rejected["error"] == "QualityGate.ThresholdNotMet"
    assert rejected["cause"].startswith("macro_f1 0.9")
    assert pipeline.model_packages() == registered
    bucket = f"s3://{pipeline.deployment.bucket}"
    keys = [key for key in pipeline.keys(f"{bucket}/runs/") if key.endswith("/evaluation.json")]
    weights = [json.loads(pipeline.object(f"{bucket}/{key}"))["model"] for key in keys]
    first, second = (model["weights_sha256"] for model in weights)
    assert first == second
