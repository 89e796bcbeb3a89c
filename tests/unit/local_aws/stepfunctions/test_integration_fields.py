"""The definition's own states, against what Step Functions' integration is known to take."""

from pathlib import Path

import pytest

from local_aws.stepfunctions.integration_fields import unproven
from state_machine.artifacts.bundle import pack
from state_machine.config import PipelineConfig, load
from state_machine.definition import workflow
from state_machine.definition.deployed import Deployed
from state_machine.names import Names
from tests.support.paths import PROJECT

ACTIONS = {
    "Preprocess": "createProcessingJob",
    "Train": "createTrainingJob",
    "Evaluate": "createProcessingJob",
}


@pytest.fixture(scope="module")
def pipeline() -> PipelineConfig:
    return load(Path(PROJECT / "pipeline.toml"))


def rendered(pipeline: PipelineConfig, **training: object) -> dict[str, list[str]]:
    """The unproven fields of each job's state."""
    names = Names("retrain", "dev", "123456789012", "us-east-1")
    changed = pipeline.training.model_copy(update=training)
    machine = workflow.as_dict(
        pipeline.model_copy(update={"training": changed}),
        Deployed(names, pack([PROJECT / "ml_scripts"], names.bucket)),
    )
    states = machine["States"]
    return {name: unproven(action, states[name]["Parameters"]) for name, action in ACTIONS.items()}


def test_a_definition_has_no_field_whose_acceptance_is_not_proven(pipeline: PipelineConfig) -> None:
    assert rendered(pipeline) == {"Preprocess": [], "Train": [], "Evaluate": []}
    assert rendered(pipeline, use_spot=True)["Train"] == []


def test_only_what_a_setting_asks_for_is_rendered_without_proof(pipeline: PipelineConfig) -> None:
    assert rendered(pipeline, instance_count=2)["Train"] == [
        "EnableInterContainerTrafficEncryption"
    ]
    assert rendered(pipeline, keep_alive_seconds=600)["Train"] == [
        "ResourceConfig.KeepAlivePeriodInSeconds"
    ]


def test_a_field_that_nobody_has_looked_up_is_not_proven() -> None:
    found = unproven("createTrainingJob", {"RetryStrategy": {"MaximumRetryAttempts": 2}})

    assert found == ["RetryStrategy", "RetryStrategy.MaximumRetryAttempts"]
