"""A deployment whose Chalice fails: `retrain deploy` fails too, and the next plan is honest."""

from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.main import app
from local_aws.client import EmbeddedAws
from local_aws.shell import applied
from tests.functional.faults import Faults
from tests.support.paths import PROJECT
from tests.support.project_copy import copy_of_project


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    with EmbeddedAws(tmp_path_factory.mktemp("aws")) as started, applied(started.environment()):
        yield started


@pytest.fixture(scope="module")
def project(aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, which is deployed."""
    folder = copy_of_project(tmp_path_factory.mktemp("project"))
    deployed = retrain(folder)
    assert deployed.exit_code == 0, deployed.output
    return folder


@pytest.fixture
def faults(aws: EmbeddedAws) -> Iterator[Faults]:
    rules = Faults(aws)
    yield rules
    rules.clear()


def retrain(project: Path, *options: str) -> Result:
    words = ["deploy", "--config", str(project / "pipeline.toml"), *options]
    return CliRunner().invoke(app, words)


def digests(aws: EmbeddedAws) -> dict[str, str]:
    """The CodeSha256 of each function."""
    found = aws.client("lambda").list_functions()["Functions"]
    return {each["FunctionName"]: each["CodeSha256"] for each in found}


def append(path: Path, line: str) -> None:
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{line}\n", encoding="utf-8")


def test_a_function_that_cannot_be_updated_fails_the_deployment_and_stays_in_the_plan(
    aws: EmbeddedAws, project: Path, faults: Faults
) -> None:
    before = digests(aws)
    append(project / "app.py", "# changed")
    faults.set({"call": "lambda/UpdateFunctionCode", "kind": "error"})

    failed = retrain(project)

    assert failed.exit_code == 1
    assert "chalice deploy failed with exit code 2" in failed.output
    assert "UpdateFunctionCode" in failed.output  # Chalice's own words
    assert digests(aws) == before
    assert f"Plan: {len(before) + 1} to change" in retrain(project, "--plan").output


def test_an_app_that_raises_fails_the_deployment(aws: EmbeddedAws, project: Path) -> None:
    before = digests(aws)
    append(project / "app.py", "raise RuntimeError('not today')")

    failed = retrain(project)

    assert failed.exit_code == 1
    assert "not today" in failed.output
    assert "Traceback (most recent call last)" not in failed.output.partition("chalice deploy")[0]
    assert digests(aws) == before
    assert f"Plan: {len(before) + 1} to change" in retrain(project, "--plan").output
    copyfile(PROJECT / "app.py", project / "app.py")  # what is deployed, and still is
    assert "to change" not in retrain(project, "--plan").output
