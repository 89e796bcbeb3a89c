"""What a step is known by, of all that stands in its request and its code when it is deployed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from state_machine.config import PipelineConfig
from state_machine.definition import workflow
from state_machine.definition.deployed import Deployed


def identities(config: PipelineConfig, deployed: Deployed) -> dict[str, str]:
    machine = workflow.as_dict(config, deployed)
    steps: dict[str, str] = machine["States"]["PrepareRun"]["Parameters"]["Payload"]["defaults"][
        "steps"
    ]
    return steps


@pytest.mark.parametrize(
    ("section", "changes", "steps"),
    [
        ("training", {"instance_count": 2}, {"Train"}),
        ("training", {"hyperparameters": {"epochs": 10, "dropout": 0.5}}, {"Train"}),
        ("preprocessing", {"instance_count": 2}, {"Preprocess"}),
        ("tracking", {"mlflow_tracking_uri": "https://mlflow.example.com"}, {"Train"}),
        # What cannot change a result, and what is the run's own: lambdas/reuse/keys.py.
        ("training", {"max_runtime_seconds": 7200, "volume_size_gb": 50}, set()),
        ("training", {"use_spot": True}, set()),
        ("training", {"keep_alive_seconds": 600, "input_mode": "FastFile"}, set()),
        ("training", {"instance_type": "ml.g5.xlarge"}, set()),
        ("training", {"framework_version": "2.18", "py_version": "py310"}, set()),
        ("preprocessing", {"seed": 1, "validation_fraction": 0.3}, set()),
        ("evaluation", {"instance_count": 2, "max_runtime_seconds": 7200}, set()),
        ("gate", {"confidence_level": 0.9}, set()),
        ("account", {"tags": {"team": "ml"}, "role_path": "/ml/", "kms_key": "arn:k"}, set()),
        ("account", {"subnets": ["subnet-1"], "security_group_ids": ["sg-1"]}, set()),
        ("account", {"pip_index_url": "https://pypi", "wheels": Path()}, set()),
    ],
)
def test_a_step_is_known_by_all_of_its_request_that_can_change_its_result(
    pipeline: PipelineConfig,
    deployed: Deployed,
    section: str,
    changes: dict[str, Any],
    steps: set[str],
) -> None:
    table = getattr(pipeline, section).model_copy(update=changes)

    before = identities(pipeline, deployed)
    after = identities(pipeline.model_copy(update={section: table}), deployed)

    assert {name for name in before if before[name] != after[name]} == steps


def test_a_step_is_known_by_its_code(pipeline: PipelineConfig, deployed: Deployed) -> None:
    steps = {**deployed.bundle.steps, "Evaluate": "other", "Train": "other"}
    changed = Deployed(deployed.names, replace(deployed.bundle, sha256="other", steps=steps))

    before, after = identities(pipeline, deployed), identities(pipeline, changed)

    assert before.keys() == {"Preprocess", "Train"}
    assert before["Preprocess"] == after["Preprocess"]
    assert before["Train"] != after["Train"]
