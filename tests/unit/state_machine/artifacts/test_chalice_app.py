"""What Chalice is given, and when it is the same as before."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from state_machine.artifacts.chalice_app import ChaliceApp, alone_in
from state_machine.names import Names
from tests.support.paths import PROJECT

NAMES = Names("retrain", "anna", "123456789012", "us-east-1")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what Chalice packages."""
    shutil.copytree(PROJECT / ".chalice", tmp_path / ".chalice")
    shutil.copytree(PROJECT / "vendor", tmp_path / "vendor")
    for name in ("app.py", "requirements.txt"):
        shutil.copyfile(PROJECT / name, tmp_path / name)
    return tmp_path


def app(project: Path) -> ChaliceApp:
    return ChaliceApp(
        NAMES,
        {"RETRAIN_BUCKET": "ours"},
        {"prepare_run": {"lambda_timeout": 300}},
        session=boto3.Session(),
        project=project,
        work_folder=project / ".retrain",
    )


def test_any_stage_can_be_deployed(project: Path) -> None:
    settings = app(project).staged_settings()

    stage = settings["stages"]["anna"]
    assert stage["environment_variables"] == {"RETRAIN_BUCKET": "ours"}
    prepare = stage["lambda_functions"]["prepare_run"]
    assert prepare["iam_role_arn"] == NAMES.role_arn("prepare_run")
    assert prepare["lambda_timeout"] == 300


def changes(project: Path) -> Iterator[str]:
    yield "vendor/lambdas/gate/gate.py"
    yield "app.py"
    yield "requirements.txt"


def test_the_digest_tells_of_every_file_that_is_packaged(project: Path) -> None:
    before = app(project).digest
    (project / "vendor" / "lambdas" / "__pycache__").mkdir(exist_ok=True)
    (project / "vendor" / "lambdas" / "__pycache__" / "gate.pyc").write_bytes(b"compiled")
    (project / "vendor" / ".env").write_text("SECRET=1")
    (project / "vendor" / "lambdas" / "gate" / "gate.py~").write_text("")
    assert app(project).digest == before

    for name in changes(project):
        with (project / name).open("a") as file:
            file.write("\n")
        after = app(project).digest
        assert after != before, name
        before = after


def test_two_deployments_at_once_write_to_a_folder_one_after_the_other(tmp_path: Path) -> None:
    folder = tmp_path / "chalice" / "retrain-dev"
    order: list[str] = []

    def second() -> None:
        with alone_in(folder):
            order.append("second")

    with alone_in(folder):
        other = threading.Thread(target=second)
        other.start()
        other.join(0.2)  # however long it is given, it waits
        order.append("first")
    other.join()
    assert order == ["first", "second"]
