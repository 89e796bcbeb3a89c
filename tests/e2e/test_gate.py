"""The gate's decisions on real trainings: what is worse, noise, weak in one class, or unlike."""

import gzip
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.served.demo import sample_config
from state_machine import config
from state_machine.config import AutoApprove, Gate, PipelineConfig
from tests.e2e.pipeline import Pipeline
from tests.support.paths import PROJECT
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

WEAK, TAKEN_FOR, LEFT_OUT = 3, 8, 9
IMPROVEMENT = 0.03
GATE = Gate(
    thresholds=[{"metric": "accuracy", "op": ">=", "value": 0.5}],
    per_class={"min_recall": 0.3},
    champion=[{"metric": "accuracy", "max_regression": 0.0, "min_improvement": IMPROVEMENT}],
    limits={"max_model_size_mb": 100},
    unscorable_champion="register",
)
APPROVING = AutoApprove(
    enabled=True, thresholds=[{"metric": "accuracy", "op": ">=", "value": 0.85}]
)
CHAMPION = {"epochs": 2}
SLIGHTLY_BETTER = {"epochs": 8}
WORSE = {"epochs": 1, "learning-rate": 0.0005}


@pytest.fixture(scope="module")
def settings() -> PipelineConfig:
    small = sample_config(config.load(PROJECT / "pipeline.toml"))
    hyperparameters = small.training.hyperparameters | CHAMPION
    return small.model_copy(
        update={
            "training": small.training.model_copy(update={"hyperparameters": hyperparameters}),
            "gate": GATE,
            "registry": small.registry.model_copy(update={"auto_approve": APPROVING}),
        }
    )


@pytest.fixture(scope="module")
def champion(pipeline: Pipeline, digits: Path) -> dict[str, Any]:
    """The model package of the first run, on all digits: approved by rule."""
    return pipeline.registered(upload(pipeline, "digits", digits))


def upload(pipeline: Pipeline, dataset: str, folder: Path) -> str:
    """Upload the files; return the execution that they started."""
    before = pipeline.executions()
    for file in sorted(folder.iterdir()):
        pipeline.put(dataset, file)
    (arn,) = eventually(lambda: [arn for arn in pipeline.executions() if arn not in before])
    return arn


def retrain(pipeline: Pipeline, dataset: str, hyperparameters: dict[str, float]) -> dict[str, Any]:
    given = {"dataset": dataset, "hyperparameters": hyperparameters}
    return pipeline.end_of(pipeline.start(given))


def decision_of(pipeline: Pipeline, execution_arn: str) -> dict[str, Any]:
    """decision.json of an execution, however it ended."""
    pages = pipeline.states.get_paginator("get_execution_history").paginate(
        executionArn=execution_arn
    )
    (output,) = (
        json.loads(event["stateExitedEventDetails"]["output"])
        for page in pages
        for event in page["events"]
        if event.get("stateExitedEventDetails", {}).get("name") == "CheckMetrics"
    )
    decision: dict[str, Any] = json.loads(pipeline.object(output["paths"]["decision"]))
    return decision


def rules_of(decision: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {rule["rule"]: rule for rule in decision["rules"]}


def test_the_first_model_is_registered_and_approved_by_its_rules(
    pipeline: Pipeline, champion: dict[str, Any]
) -> None:
    assert champion["ModelApprovalStatus"] == "Approved"
    metadata = champion["CustomerMetadataProperties"]
    assert metadata["rule.1"].startswith("held: accuracy ")
    assert metadata["auto_approve"].startswith("yes: accuracy ")
    assert "not judged: no champion yet" in metadata.values()


def test_the_same_again_is_the_champions_own_model_and_is_not_registered(
    pipeline: Pipeline, champion: dict[str, Any]
) -> None:
    before = pipeline.model_packages()

    output = retrain(pipeline, "digits", CHAMPION)["output"]

    run_id = champion["CustomerMetadataProperties"]["run_id"]
    assert output["training_job"]["reused_from"] == run_id
    assert output["quality_gate"]["decision"] == "keep_champion"
    digest = champion["CustomerMetadataProperties"]["model_sha256"]
    assert f"champion's own, byte for byte: sha256 {digest}" in output["quality_gate"]["reason"]
    gain = rules_of(output["quality_gate"])["accuracy at most 0.0 worse than the champion's"]
    assert (gain["value"], gain["held"]) == (0, True)
    assert pipeline.model_packages() == before


def test_a_worse_model_leaves_the_champion(pipeline: Pipeline, champion: dict[str, Any]) -> None:
    before = pipeline.model_packages()

    execution = retrain(pipeline, "digits", WORSE)

    assert execution["status"] == "SUCCEEDED"
    gate = execution["output"]["quality_gate"]
    assert gate["decision"] == "keep_champion"
    assert "a regression beyond 0.0 shown" in gate["reason"]
    regression = rules_of(gate)["accuracy at most 0.0 worse than the champion's"]
    assert regression["held"] is False
    assert regression["low"] <= regression["value"] <= regression["high"] < 0
    assert pipeline.model_packages() == before


def test_a_model_that_is_better_within_noise_is_not_promoted(
    pipeline: Pipeline, champion: dict[str, Any]
) -> None:
    before = pipeline.model_packages()

    execution = retrain(pipeline, "digits", SLIGHTLY_BETTER)

    gate = execution["output"]["quality_gate"]
    rules = rules_of(gate)
    assert execution["output"]["champion"]["model_package_arn"] == champion["ModelPackageArn"]
    improvement = rules[f"accuracy at least {IMPROVEMENT} better than the champion's"]
    assert improvement["low"] < IMPROVEMENT
    assert improvement["value"] > 0
    assert improvement["held"] is False
    assert rules["accuracy at most 0.0 worse than the champion's"]["held"] is True
    assert gate["decision"] == "keep_champion"
    assert f"an improvement of {IMPROVEMENT} not shown" in gate["reason"]
    assert pipeline.model_packages() == before


@pytest.fixture(scope="module")
def nine(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The digits without the 9; most training images of one class have another's label."""
    folder = Path(shutil.copytree(digits, tmp_path_factory.mktemp("nine") / "digits"))
    for split in ("train", "t10k"):
        images, labels = (
            folder / f"{split}-{kind}-ubyte.gz" for kind in ("images-idx3", "labels-idx1")
        )
        pixels, classes = read_idx(images), read_idx(labels)
        kept = classes != LEFT_OUT
        pixels, classes = pixels[kept], classes[kept]
        if split == "train":
            classes[np.flatnonzero(classes == WEAK)[10:]] = TAKEN_FOR
        write_idx(images, pixels)
        write_idx(labels, classes)
    return folder


def read_idx(path: Path) -> np.ndarray:
    content = gzip.decompress(path.read_bytes())
    axes = content[3]
    shape = np.frombuffer(content, ">u4", axes, offset=4)
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape).copy()


def write_idx(path: Path, array: np.ndarray) -> None:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    path.write_bytes(gzip.compress(header + array.tobytes()))


def test_one_weak_class_blocks(pipeline: Pipeline, champion: dict[str, Any], nine: Path) -> None:
    before = pipeline.model_packages()

    execution = pipeline.end_of(upload(pipeline, "nine", nine))

    assert execution["status"] == "FAILED"
    assert execution["error"] == "QualityGate.ThresholdNotMet"
    assert execution["cause"].startswith(f"recall of class {WEAK} ")
    rules = rules_of(decision_of(pipeline, execution["executionArn"]))
    assert rules["accuracy >= 0.5"]["held"] is True
    assert rules["recall of each class >= 0.3"]["held"] is False
    assert pipeline.model_packages() == before


def test_a_champion_of_other_classes_is_decided_by_rule(
    pipeline: Pipeline, champion: dict[str, Any], nine: Path, settings: PipelineConfig
) -> None:
    without_floors = GATE.model_copy(update={"per_class": {}})
    pipeline.deploy(settings.model_copy(update={"gate": without_floors}))

    execution = retrain(pipeline, "nine", CHAMPION)

    gate = execution["output"]["quality_gate"]
    assert gate["decision"] == "register"
    assert f"champion {champion['ModelPackageArn']} could not be scored: " in gate["reason"]
    assert rules_of(gate)['unscorable_champion = "register"']["held"] is True
    # Whatever the rules of automatic approval say: that it replaces is for a person to decide.
    package = pipeline.registered(execution["executionArn"])
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
