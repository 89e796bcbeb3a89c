"""What the roles of the jobs and of the state machine may do."""

from itertools import product
from typing import Any

import pytest

from lambdas.runs.plan import FOLDERS
from local_aws.iam.policies import Request, decide, statement
from state_machine.deployment.policies import job_policies
from state_machine.names import JOB_ROLES, Names

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


def test_an_app_named_by_arn_asks_for_one_action_more() -> None:
    app = SERVER.replace("mlflow-tracking-server/ours", "mlflow-app/app-ABCDEF123456")

    mlflow, _ = granted(app)

    assert mlflow["Action"][-1] == "sagemaker:CallMlflowAppApi"
    assert mlflow["Resource"] == [app]


@pytest.mark.parametrize("uri", ["", "https://mlflow.example.com", "sqlite:////a/mlflow.db"])
def test_any_other_needs_nothing(uri: str) -> None:
    assert granted(uri) == []


def written(role: str) -> set[str]:
    """The parts of the bucket that the role may write or delete."""
    found = job_policies(NAMES, IMAGES, SERVER)[role]["Statement"]
    return {
        resource.removeprefix(f"{NAMES.bucket_arn}/")
        for one in found
        if one["Effect"] == "Allow"
        and any(action.startswith(("s3:Put", "s3:Delete")) for action in one["Action"])
        for resource in one["Resource"]
        if "/mlflow/" not in resource
    }


def test_a_job_writes_what_its_step_makes_and_nothing_else() -> None:
    assert {role: written(role) for role in JOB_ROLES} == {
        "preprocess": {"runs/*/preprocessing/*"},
        # The last one for executions that began when a run's folder held its checkpoints.
        "train": {"runs/*/training/*", "checkpoints/*", "runs/*/checkpoints/*"},
        "evaluate": {"runs/*/evaluation/*"},
    }


OWN = {
    "preprocess": ["preprocessing"],
    "train": ["training", "checkpoints"],
    "evaluate": ["evaluation"],
}


@pytest.mark.parametrize("role", JOB_ROLES)
def test_no_job_puts_a_file_among_those_of_another_step(role: str) -> None:
    """Whatever folders a key has: the wildcards of IAM stand for slashes too."""
    statements = [
        statement(one, policy=role, number=number)
        for number, one in enumerate(job_policies(NAMES, IMAGES, SERVER)[role]["Statement"])
    ]
    folders = (*FOLDERS, "")
    for first, second in product(folders, folders):
        key = "/".join(filter(None, ("runs/a-run", first, second, "x.npy")))
        asked = Request("s3:PutObject", f"{NAMES.bucket_arn}/{key}", {})
        foreign = {first, second} - {*OWN[role], ""}
        own = bool({first, second} & {*OWN[role]}) and not foreign
        assert decide(statements, asked).allowed is own, key


@pytest.mark.parametrize("role", ["preprocess", "evaluate"])
def test_preprocessing_is_not_tracked(role: str) -> None:
    tracked = job_policies(NAMES, IMAGES, SERVER)[role] != job_policies(NAMES, IMAGES, "")[role]
    assert tracked is (role == "evaluate")
