"""What Chalice is given, and when it is the same as before."""

import hashlib
import io
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from state_machine.artifacts import lambda_zip
from state_machine.artifacts.chalice_app import CHALICE, ChaliceApp, alone_in, download_wheels
from state_machine.artifacts.lambda_zip import RUNTIME, LambdaZip
from state_machine.errors import DeploymentError
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


def test_a_byte_order_mark_in_the_settings_of_chalice_is_no_part_of_them(project: Path) -> None:
    settings = project / ".chalice" / "config.json"
    before = app(project).staged_settings()
    settings.write_bytes(b"\xef\xbb\xbf" + settings.read_bytes())

    assert app(project).staged_settings() == before


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


@pytest.fixture
def alone(project: Path) -> ChaliceApp:
    """An app that needs no package, so that no pip runs."""
    (project / "requirements.txt").write_text("")
    wheels = project / ".retrain" / "wheels" / f"{hashlib.sha256(b'').hexdigest()[:16]}-cp312"
    wheels.mkdir(parents=True)
    return app(project)


def names_in(package: LambdaZip) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(package.content)) as zipped:
        return set(zipped.namelist())


def test_a_file_of_another_name_is_another_zip(alone: ChaliceApp, project: Path) -> None:
    """Chalice's own digest of an app, by which it keeps zips, leaves out the names of files."""
    (project / "vendor" / "first.txt").write_text("same")
    assert "first.txt" in names_in(alone.package)

    (project / "vendor" / "first.txt").rename(project / "vendor" / "other.txt")

    assert "first.txt" not in names_in(app(project).package)
    assert "other.txt" in names_in(app(project).package)


def test_a_zip_whose_writing_was_interrupted_is_made_again(
    alone: ChaliceApp, project: Path
) -> None:
    made = alone.package
    (zipped,) = (project / ".retrain").rglob("deployments/*.zip")
    packaged = zipped.parents[1] / "packaged"
    packaged.unlink()  # as Chalice leaves it when it is killed: with half a zip, and unfinished
    zipped.write_bytes(zipped.read_bytes()[:1000])

    assert app(project).package == made


def wheel(folder: Path, name: str, files: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as zipped:
        for file, text in files.items():
            zipped.writestr(file, text)


def test_a_package_without_a_wheel_is_told_and_not_left_out(project: Path, tmp_path: Path) -> None:
    """`chalice deploy` itself prints that it is missing, and deploys without it."""
    wheel(tmp_path / "wheels", "native-1.0-cp311-cp311-manylinux2014_x86_64.whl", {"native.py": ""})
    with pytest.raises(DeploymentError, match=r"no wheel that fits Lambda's python3\.12 of native"):
        lambda_zip.build(project, tmp_path / "wheels")


def package_with(python: tuple[int, int], project: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Package with a wheel for each of two Pythons, while this one says it is `python`."""
    monkeypatch.setattr(sys, "version_info", (*python, 7, "final", 0))
    (project / "requirements.txt").write_text("native==1.0\n")
    digest = hashlib.sha256(b"native==1.0\n").hexdigest()[:16]
    wheels = project / ".retrain" / "wheels" / f"{digest}-cp312"
    for abi in ("cp311", "cp312"):
        name = f"native-1.0-{abi}-{abi}-manylinux2014_x86_64.whl"
        wheel(wheels, name, {"native.py": f"built_for = {abi!r}"})
    found = app(project)
    return found.digest, found.package


def test_the_zip_is_the_same_whatever_python_packages_it(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest, package = package_with((3, 11), project, monkeypatch)
    shutil.rmtree(project / ".retrain")

    assert package_with((3, 12), project, monkeypatch) == (digest, package)
    with zipfile.ZipFile(io.BytesIO(package.content)) as zipped:
        assert zipped.read("native.py") == b"built_for = 'cp312'"


def test_chalice_deploys_to_the_one_runtime(project: Path) -> None:
    command, told = CHALICE[:-1], CHALICE[-1].partition("from chalice.cli")[0]
    asked = f"{told} print(Config().lambda_python_version)"
    printed = subprocess.run([*command, asked], check=True, capture_output=True, text=True).stdout
    assert printed.strip() == RUNTIME == "python3.12"


def test_pip_that_fails_is_told_with_its_words(project: Path) -> None:
    (project / "requirements.txt").write_text("boto3==1.44.5\n")  # without the hash
    with pytest.raises(DeploymentError) as raised:
        download_wheels(project / "requirements.txt", project / "wheels")
    assert str(raised.value).startswith("pip download of requirements.txt failed with exit code 1:")
    assert "hash" in str(raised.value)
