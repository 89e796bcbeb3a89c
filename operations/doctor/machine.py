"""What a deployment needs of this machine, and of the files of the project."""

import shutil
import sys
import tomllib
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from operations.doctor.findings import Finding, ok, problem, warning
from operations.errors import RUN_BYTES, disk_full
from state_machine.artifacts.work_folder import NAME
from state_machine.config import PipelineConfig, load
from state_machine.errors import ConfigError

# What `retrain deploy` imports or runs. Which versions are right is said by requirements/dev.in.
DEPLOYMENT = (
    "boto3",
    "chalice",
    "pip",
    "pydantic",
    "sagemaker",
    "setuptools",
    "stepfunctions",
)
INSTALL = "run `make lint`, which installs what the project needs into .venv, and use .venv/bin"

Version = Callable[[str], str]


def python(project: Path, version: str = "") -> Finding:
    """Hold the running Python against pyproject.toml."""
    version = version or ".".join(map(str, sys.version_info[:3]))
    wanted = _pyproject(project).get("project", {}).get("requires-python", "")
    if SpecifierSet(wanted).contains(version):
        return ok("Python", f"{version}, expected {wanted or 'any'}")
    return problem(
        "Python",
        f"{version}, expected {wanted}",
        "name another one: make PYTHON=/path/to/python3.11 lint",
    )


def platform(project: Path, environment: dict[str, str] | None = None) -> Finding:
    """Hold this platform against those that the project's lock file is made for."""
    markers = _pyproject(project).get("tool", {}).get("uv", {}).get("environments", [])
    name = (environment or {}).get("sys_platform", sys.platform)
    if not markers or any(Marker(marker).evaluate(environment) for marker in markers):
        return ok("platform", name)
    return problem(
        "platform",
        f"{name}, expected one of: {'; '.join(markers)}",
        "deploy from Linux or macOS, for example from a container or from CloudShell",
    )


def containers(refusal: Callable[[], tuple[str, str]]) -> Finding:
    """Ask whether this machine lets the embedded AWS make containers: the reason, and what helps.

    Without them the pipeline runs too; scripts that name /opt/ml do not.
    """
    reason, advice = refusal()
    if not reason:
        return ok("containers", "the embedded AWS may have namespaces of its own for each job")
    return warning(
        "containers", f"no namespaces, so the embedded AWS has no /opt/ml: {reason}", advice
    )


def disk(project: Path, needed: int = RUN_BYTES) -> Finding:
    """Hold what is left on the project's disk against what a run on this machine needs, in bytes.

    Retraining in an account takes next to nothing here, so it is no more than a warning.
    """
    left = shutil.disk_usage(project).free
    if left >= needed:
        return ok("disk", f"{left / 1e9:,.1f} GB are left for {project / NAME}")
    told = disk_full(project, needed)
    return warning("disk", str(told), told.next_step)


def packages(project: Path, version: Version = metadata.version) -> list[Finding]:
    """Hold the installed packages against requirements/dev.in; one finding if all are fine."""
    wanted = _requirements(project)
    found, wrong = {}, []
    for name in DEPLOYMENT:
        try:
            found[name] = version(name)
        except metadata.PackageNotFoundError:
            wrong.append(problem("packages", f"{name} is not installed", INSTALL))
            continue
        if not wanted[name].contains(found[name], prereleases=True):
            told = f"{name} {found[name]}, expected {wanted[name]}"
            wrong.append(problem("packages", told, INSTALL))
    listed = ", ".join(f"{name} {number}" for name, number in found.items())
    return wrong or [ok("packages", listed)]


def configuration(path: Path) -> tuple[PipelineConfig | None, list[Finding]]:
    """Read pipeline.toml; each value that cannot be used is a finding, and there is no config."""
    try:
        config = load(path)
    except ConfigError as error:
        lines = str(error).splitlines()
        return None, [problem("configuration", line, f"correct {path.name}") for line in lines]
    about = f"{path.name} is valid: pipeline {config.name}, data set {config.data.dataset}"
    return config, [ok("configuration", about)]


def _pyproject(project: Path) -> dict[str, Any]:
    """pyproject.toml of the folder; a folder without one asks for nothing."""
    path = project / "pyproject.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _requirements(project: Path) -> dict[str, SpecifierSet]:
    """The versions that requirements/dev.in allows of the packages in DEPLOYMENT."""
    wanted = dict.fromkeys(DEPLOYMENT, SpecifierSet())
    path = project / "requirements" / "dev.in"
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            requirement = Requirement(line.partition("#")[0].strip())
        except InvalidRequirement:  # a comment, or an option of pip
            continue
        if requirement.name in wanted:
            wanted[requirement.name] = requirement.specifier
    return wanted
