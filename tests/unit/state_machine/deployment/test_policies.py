"""What the roles of the jobs and of the state machine may do."""

from typing import Any

import pytest

from state_machine.deployment.policies import JOB_ROLES, job_policies
from state_machine.names import Names

NAMES = Names("retrain", "dev", "123456789012", "eu-central-1")
IMAGES = "arn:aws:ecr:eu-central-1:763104351884:repository/tensorflow-training"
SERVER = "arn:aws:sagemaker:eu-central-1:123456789012:mlflow-tracking-server/ours"


def granted(uri: str) -> list[dict[str, Any]]:
    """The statements that the tracking URI adds."""
    without = job_policies(NAMES, IMAGES, "")["train"]["Statement"]
    given = job_policies(NAMES, IMAGES, uri)["train"]["Statement"]
    return [one for one in given if one not in without]


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


def written(role: str) -> set[str]:
    """The parts of runs that the role may write or delete."""
    found = job_policies(NAMES, IMAGES, SERVER)[role]["Statement"]
    return {
        resource.partition("/runs/")[2]
        for one in found
        if any(action.startswith(("s3:Put", "s3:Delete")) for action in one["Action"])
        for resource in one["Resource"]
        if "/mlflow/" not in resource
    }


def test_a_job_writes_what_its_step_makes_and_nothing_else() -> None:
    assert {role: written(role) for role in JOB_ROLES} == {
        "preprocess": {"*/preprocessing/*"},
        "train": {"*/training/*", "*/checkpoints/*"},
        "evaluate": {"*/evaluation/*"},
    }


@pytest.mark.parametrize("role", ["preprocess", "evaluate"])
def test_preprocessing_is_not_tracked(role: str) -> None:
    tracked = job_policies(NAMES, IMAGES, SERVER)[role] != job_policies(NAMES, IMAGES, "")[role]
    assert tracked is (role == "evaluate")
