"""What the roles of the jobs and of the state machine may do."""

from typing import Any

import pytest

from state_machine.deployment.policies import jobs_policy
from state_machine.names import Names

NAMES = Names("retrain", "dev", "123456789012", "eu-central-1")
IMAGES = "arn:aws:ecr:eu-central-1:763104351884:repository/tensorflow-training"
SERVER = "arn:aws:sagemaker:eu-central-1:123456789012:mlflow-tracking-server/ours"


def granted(uri: str) -> list[dict[str, Any]]:
    """The statements that the tracking URI adds."""
    without = jobs_policy(NAMES, IMAGES)["Statement"]
    return [one for one in jobs_policy(NAMES, IMAGES, uri)["Statement"] if one not in without]


def test_a_server_named_by_arn_may_be_written_to_and_its_artifacts_kept() -> None:
    mlflow, artifacts = granted(SERVER)

    assert mlflow["Resource"] == [SERVER]
    assert all(action.startswith("sagemaker-mlflow:") for action in mlflow["Action"])
    assert not any("*" in action or "Delete" in action for action in mlflow["Action"])
    assert artifacts["Action"] == ["s3:PutObject"]
    assert artifacts["Resource"] == ["arn:aws:s3:::retrain-dev-123456789012-eu-central-1/mlflow/*"]


@pytest.mark.parametrize("uri", ["", "https://mlflow.example.com", "sqlite:////a/mlflow.db"])
def test_any_other_needs_nothing(uri: str) -> None:
    assert granted(uri) == []
