"""The deployed stage that a command talks to, wherever AWS_ENDPOINT_URL says that it is."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from lambdas.boundary.bucket_owner import of_account
from operations.errors import CredentialsError
from operations.project import project_of
from state_machine import stage_names
from state_machine.config import PipelineConfig, load
from state_machine.names import Names, names_of

# Whatever of these a person has set would reach past the environment that replaces it.
_OVERRULED = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")


@dataclass(frozen=True)
class Stage:
    """One stage of the pipeline: its configuration, its names, and the way to its account."""

    config: PipelineConfig
    names: Names
    session: boto3.Session
    project: Path

    @property
    def model_package_group(self) -> str:
        """The registry's group of this stage."""
        return self.names.model_package_group(self.config.registry.model_package_group)

    def client(self, service: Any, config: Config | None = None) -> Any:
        """A boto3 client of `service`, for example "stepfunctions", for buckets of the account."""
        return of_account(self.session.client(service, config=config), self.names.account)


def connect(config_path: Path, stage: str) -> Stage:
    """Read the configuration and find out which account and region the credentials belong to.

    Raises ConfigError, or botocore's errors where AWS cannot be asked.
    """
    return stage_of(load(config_path), stage, boto3.Session(), project_of(config_path))


def stage_of(config: PipelineConfig, stage: str, session: boto3.Session, project: Path) -> Stage:
    """The stage in the account and region of `session`.

    Raises StageNameError where AWS would refuse a name of it.
    """
    if session.region_name is None:
        raise CredentialsError("No AWS region is set", "set AWS_DEFAULT_REGION, e.g. us-east-1")
    found = Stage(config, names_of(config.name, stage, session), session, project)
    stage_names.check(found.names, found.model_package_group)
    return found


def exports(environment: dict[str, str]) -> list[str]:
    """Lines for a POSIX shell that point its AWS tools where `environment` points."""
    return [
        f"unset {' '.join(_OVERRULED)}",
        *(f"export {name}={value}" for name, value in sorted(environment.items())),
    ]


@contextmanager
def applied(environment: dict[str, str]) -> Iterator[None]:
    """Make `environment` part of this process's, and put back what was there before."""
    before = dict(os.environ)
    for name in _OVERRULED:
        os.environ.pop(name, None)
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
