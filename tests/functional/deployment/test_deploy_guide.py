"""The commands of docs/deploy.md, all of them and in their order, against the embedded AWS.

The project is this one, but for its data: digits in the place of Fashion-MNIST, and fewer epochs.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from local_aws.client import EmbeddedAws
from operations.data_sets import digits
from tests.functional.deployment.test_stage import left_of
from tests.support.paths import PROJECT

GUIDE = PROJECT / "docs" / "deploy.md"


def commands() -> list[str]:
    """Every line of the guide that is typed at a prompt."""
    return re.findall(r"^\$ (.+)$", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)


def planned(guide: Path) -> set[str]:
    """The lines of the deployments' plans that the guide shows, but for the digest of the code.

    How much there is to delete depends on which Lambdas have logged by then.
    """
    lines = re.findall(r"^(?:  create  |Plan: ).+$", guide.read_text("utf-8"), flags=re.MULTILINE)
    return {line for line in lines if "code/" not in line and "to delete" not in line}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder like a clone, with the digits under the name that the guide uploads."""
    for name in (".chalice", "app.py", "lambdas", "ml_scripts", "requirements.txt", "vendor"):
        (tmp_path / name).symlink_to(PROJECT / name)
    for name in ("pyproject.toml", "requirements"):
        (tmp_path / name).symlink_to(PROJECT / name)
    text = (PROJECT / "pipeline.toml").read_text(encoding="utf-8")
    for given, small in (
        ("batch-size = 256", "batch-size = 16"),
        ("settle_seconds = 10", "settle_seconds = 1"),
    ):
        assert given in text
        text = text.replace(given, small)
    (tmp_path / "pipeline.toml").write_text(text, encoding="utf-8")
    digits.write(tmp_path / ".retrain" / "data" / "fashion-mnist")
    wheels = PROJECT / ".retrain" / "wheels"
    wheels.mkdir(parents=True, exist_ok=True)
    (tmp_path / ".retrain" / "wheels").symlink_to(wheels)
    return tmp_path


@pytest.fixture
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    with EmbeddedAws(tmp_path_factory.mktemp("aws")) as started:
        yield started


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_they_bring_a_stage_up_run_it_and_leave_nothing(
    project: Path, aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    printed: list[tuple[str, str]] = []

    for command in commands():
        program, *words = shlex.split(command)
        assert program == "retrain"
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, f"{command}\n{done.output}"
        printed.append((command, done.output))

    assert any("Decision       register" in text for _, text in printed)
    deployments = [text for command, text in printed if command.startswith("retrain deploy")]
    assert planned(GUIDE) <= {line for _, text in printed for line in text.splitlines()}
    # The README's first three are named; the run that it shows creates the same resources.
    more = re.search(r"and (\d+) more: topics", (PROJECT / "README.md").read_text(encoding="utf-8"))
    assert more is not None
    assert f"Plan: {3 + int(more[1])} to create" in deployments[0]
    assert "Next: retrain upload FOLDER --stage prod" in deployments[1]
    assert "✓ Everything is as it should be" in deployments[-1]
    assert printed[-1][0] == "retrain destroy --stage prod --data --yes"
    assert left_of(aws, "-prod") == []
