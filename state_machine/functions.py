"""The Lambdas, deployed by `chalice deploy` from a staged copy of the project.

Chalice reads app.py, vendor/, requirements.txt and .chalice/. The copy leaves out what must not
ship (`__pycache__`), and takes the values that exist only now: bucket, ARNs, the stage's files.
"""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from state_machine.config import PipelineConfig
from state_machine.errors import DeploymentError
from state_machine.names import DATASET_PREFIX, LAMBDAS, SCHEDULED_LAMBDA, Names

PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
FOR_LAMBDA = ["--only-binary=:all:", "--platform", "manylinux2014_x86_64"]
CHALICE = [sys.executable, "-c", "from chalice.cli import main; main()"]

# Those that S3, SNS or EventBridge invoke, and the one that people may invoke so.
ASYNCHRONOUS = (
    "on_upload",
    "on_request",
    "start_retraining",
    "announce",
    "announce_approval",
    SCHEDULED_LAMBDA,
)


def deployed_functions(config: PipelineConfig) -> tuple[str, ...]:
    """The Lambdas that `config` asks for."""
    return (*LAMBDAS, SCHEDULED_LAMBDA) if config.schedule.enabled else LAMBDAS


def check_stage(project: Path, names: Names) -> None:
    """Find out before anything is deployed whether Chalice can deploy the stage.

    Raises:
        DeploymentError: .chalice/ knows no such stage, or its policy speaks of other names.
    """
    stages = _chalice_settings(project)["stages"]
    if names.stage not in stages:
        raise DeploymentError(
            f".chalice/config.json: found the stages {', '.join(sorted(stages))}, expected one "
            f"named {names.stage!r}. Copy a stage's entry and its policy-<stage>.json"
        )
    policy = project / ".chalice" / stages[names.stage]["iam_policy_file"]
    if names.prefix not in policy.read_text(encoding="utf-8"):
        raise DeploymentError(
            f".chalice/{policy.name}: found no {names.prefix!r} in it, expected the names of this "
            f"stage. Its Lambdas could reach nothing: put the names of your pipeline there"
        )


def deploy_functions(
    config: PipelineConfig,
    names: Names,
    *,
    session: boto3.Session,
    project: Path,
    work_folder: Path,
) -> None:
    """Deploy all Lambdas and what invokes them; repeatable.

    Raises:
        DeploymentError: with the last lines that Chalice or pip printed.
    """
    staged = work_folder / "chalice" / f"{names.prefix}-{names.account}-{names.region}"
    wheels = download_wheels(project / "requirements.txt", work_folder / "wheels")
    with alone_in(staged):
        stage(project, staged, names, environment(config, names))
        if not config.schedule.enabled:
            forget(staged, names.stage, SCHEDULED_LAMBDA)
        _run(
            [*CHALICE, "--project-dir", str(staged), "deploy", "--stage", names.stage],
            {**_credentials(session), "PIP_FIND_LINKS": str(wheels), "PIP_NO_INDEX": "1"},
            "chalice deploy",
        )


def environment(config: PipelineConfig, names: Names) -> dict[str, str]:
    """The variables of every Lambda. Without RETRAIN_SCHEDULE, app.py has no schedule."""
    schedule = config.schedule
    return {
        "RETRAIN_BUCKET": names.bucket,
        "RETRAIN_STATE_MACHINE_ARN": names.state_machine_arn,
        "RETRAIN_DATASET_PREFIX": DATASET_PREFIX,
        "RETRAIN_REQUIRED_FILES": json.dumps(config.data.required_files),
        "RETRAIN_HYPERPARAMETERS": json.dumps(config.training.hyperparameters),
        "RETRAIN_MODEL_PACKAGE_GROUP": config.registry.model_package_group,
        "RETRAIN_REQUESTS_TOPIC_ARN": names.topic_arn("retrain"),
        "RETRAIN_ANNOUNCEMENTS_TOPIC_ARN": names.topic_arn("announcements"),
        "POWERTOOLS_SERVICE_NAME": names.prefix,
    } | ({"RETRAIN_SCHEDULE": schedule.expression} if schedule.enabled else {})


def stage(project: Path, staged: Path, names: Names, variables: Mapping[str, str]) -> None:
    """Lay out in `staged` what Chalice packages. Its cache of built packages stays."""
    settings = _chalice_settings(project)
    settings["app_name"] = names.name
    settings["stages"][names.stage]["environment_variables"] = dict(variables)
    shutil.rmtree(staged / "vendor", ignore_errors=True)
    shutil.copytree(
        project / "vendor", staged / "vendor", ignore=shutil.ignore_patterns("__pycache__")
    )
    for file in ("app.py", "requirements.txt"):
        shutil.copyfile(project / file, staged / file)
    chalice = staged / ".chalice"
    chalice.mkdir(exist_ok=True)
    (chalice / "config.json").write_text(json.dumps(settings, indent=2), encoding="utf-8")
    for policy in (project / ".chalice").glob("policy-*.json"):
        shutil.copyfile(policy, chalice / policy.name)


def forget(staged: Path, stage_name: str, function: str) -> None:
    """Make Chalice forget that it ever deployed `function` and the rule that invokes it.

    It would remove what app.py has no more, and fails where that is gone already: on a new embedded
    AWS, for one. state_machine.events removes it wherever it is.
    """
    memory = staged / ".chalice" / "deployed" / f"{stage_name}.json"
    if memory.exists():
        deployed = json.loads(memory.read_text(encoding="utf-8"))
        gone = {function, f"{function}-event"}
        deployed["resources"] = [r for r in deployed["resources"] if r["name"] not in gone]
        memory.write_text(json.dumps(deployed, indent=2), encoding="utf-8")


def download_wheels(requirements: Path, wheels: Path) -> Path:
    """Download the Lambdas' wheels once, hashes checked, so that later deployments need no network.

    Chalice first takes what fits this machine, then what fits Lambda where that is another: both
    are there. Returns the folder that holds them: one for each content of requirements.txt.
    """
    folder = wheels / hashlib.sha256(requirements.read_bytes()).hexdigest()[:16]
    with alone_in(folder):
        if not folder.exists():
            partial = folder.with_suffix(".partial")
            arguments = ["download", "--require-hashes", "-r", str(requirements)]
            for platform in ([], FOR_LAMBDA):
                command = [*PIP, *arguments, *platform, "-d", str(partial)]
                _run(command, {}, "pip download of requirements.txt")
            partial.rename(folder)
    return folder


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Have one deployment at a time write to the folder: they would mix up each other's files."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until the file is closed, or the process ends
        yield


def _chalice_settings(project: Path) -> dict[str, Any]:
    text = (project / ".chalice" / "config.json").read_text(encoding="utf-8")
    settings: dict[str, Any] = json.loads(text)
    return settings


def _credentials(session: boto3.Session) -> dict[str, str]:
    """Chalice must act on the account that `session` names, whatever its own defaults are."""
    region = {"AWS_DEFAULT_REGION": session.region_name}
    credentials = session.get_credentials()
    if credentials is None:
        return region
    frozen = credentials.get_frozen_credentials()
    token = {"AWS_SESSION_TOKEN": frozen.token} if frozen.token else {}
    return {
        "AWS_ACCESS_KEY_ID": frozen.access_key or "",
        "AWS_SECRET_ACCESS_KEY": frozen.secret_key or "",
        **token,
        **region,
    }


def _run(command: list[str], variables: Mapping[str, str], what: str) -> None:
    finished = subprocess.run(
        command,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        last_lines = "\n".join(finished.stdout.strip().splitlines()[-15:])
        raise DeploymentError(f"{what} failed with exit code {finished.returncode}:\n{last_lines}")
