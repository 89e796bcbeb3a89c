"""Python, platform, packages and pipeline.toml, as `retrain doctor` sees them."""

from importlib import metadata
from pathlib import Path

import pytest

from operations.doctor import machine
from operations.doctor.findings import Level
from tests.support.paths import PROJECT

RIGHT = {
    "boto3": "1.44.5",
    "chalice": "1.34.0",
    "pip": "26.0",
    "pydantic": "2.14.3",
    "sagemaker": "2.257.7",
    "setuptools": "81.0.0",
    "stepfunctions": "2.3.0",
}


def version_of(installed: dict[str, str]) -> machine.Version:
    def version(name: str) -> str:
        if name not in installed:
            raise metadata.PackageNotFoundError(name)
        return installed[name]

    return version


@pytest.mark.parametrize(
    ("version", "level"),
    [
        ("3.10.14", Level.PROBLEM),
        ("3.11.0", Level.OK),
        ("3.12.9", Level.OK),
        ("3.13.0", Level.PROBLEM),
    ],
)
def test_python_is_held_against_pyproject(version: str, level: Level) -> None:
    finding = machine.python(PROJECT, version)
    assert finding.level is level
    assert version in finding.found
    assert ">=3.11" in finding.found


def test_this_python_and_these_packages_are_right() -> None:
    assert machine.python(PROJECT).level is Level.OK
    assert [f.level for f in machine.packages(PROJECT)] == [Level.OK]


def test_a_platform_that_the_lock_file_does_not_know_is_a_problem() -> None:
    cpython = {"implementation_name": "cpython", "python_version": "3.11"}
    levels = {
        platform: machine.platform(PROJECT, cpython | {"sys_platform": platform}).level
        for platform in ("linux", "darwin", "win32")
    }
    assert levels == {"linux": Level.OK, "darwin": Level.OK, "win32": Level.PROBLEM}


def test_packages_that_are_right_are_one_finding() -> None:
    (finding,) = machine.packages(PROJECT, version_of(RIGHT))
    assert finding.level is Level.OK
    assert "sagemaker 2.257.7" in finding.found


def test_each_package_that_is_wrong_or_missing_is_a_problem() -> None:
    installed = RIGHT | {"sagemaker": "3.0.1", "setuptools": "82.0.0"}
    del installed["chalice"]

    findings = machine.packages(PROJECT, version_of(installed))

    assert [(f.level, f.found) for f in findings] == [
        (Level.PROBLEM, "chalice is not installed"),
        (Level.PROBLEM, "sagemaker 3.0.1, expected <3,>=2.257"),
        (Level.PROBLEM, "setuptools 82.0.0, expected <82"),
    ]
    assert all("make" in f.next_step for f in findings)


def test_a_valid_configuration_is_one_finding() -> None:
    config, findings = machine.configuration(PROJECT / "pipeline.toml")
    assert config is not None
    assert [f.level for f in findings] == [Level.OK]


def test_each_error_of_the_configuration_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.toml"
    text = (PROJECT / "pipeline.toml").read_text()
    path.write_text(
        text.replace('"ml.m5.2xlarge"', '"m5.2xlarge"').replace("seed = 42", "seed = ''")
    )

    config, findings = machine.configuration(path)

    assert config is None
    assert all(f.level is Level.PROBLEM for f in findings)
    told = "\n".join(f.found for f in findings)
    assert "training.instance_type" in told
    assert "preprocessing.seed" in told


def test_a_missing_configuration_is_a_problem(tmp_path: Path) -> None:
    config, (finding,) = machine.configuration(tmp_path / "pipeline.toml")
    assert config is None
    assert "not found" in finding.found


def test_a_disk_that_is_nearly_full_is_a_warning(tmp_path: Path) -> None:
    assert machine.disk(tmp_path, needed=1).level is Level.OK
    finding = machine.disk(tmp_path, needed=10**18)
    assert finding.level is Level.WARNING
    assert finding.found.startswith(f"{tmp_path}: ")
    assert "are left on this disk, a run on this machine needs about" in finding.found
