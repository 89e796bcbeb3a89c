"""The deployed stage that a command talks to, wherever AWS_ENDPOINT_URL says that it is."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from lambdas.boundary.bucket_owner import of_account
from operations.errors import CredentialsError, InputError
from operations.project import project_of
from state_machine import stage_names
from state_machine.config import PipelineConfig, load
from state_machine.names import Names, names_of


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

    Raises:
        InputError: the stage has a name that not all of AWS takes.
        CredentialsError: there is no region.
        StageNameError: AWS would refuse a name of it.
    """
    check_stage(stage)
    if session.region_name is None:
        raise CredentialsError("No AWS region is set", "set AWS_DEFAULT_REGION, e.g. us-east-1")
    names = names_of(config.name, stage, session, config.account.role_path)
    found = Stage(config, names, session, project)
    stage_names.check(found.names, found.model_package_group)
    return found


def check_stage(stage: str) -> None:
    """Raises InputError for what cannot be part of a bucket's name, as every stage is.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    """
    if not stage_names.STAGE.fullmatch(stage):
        raise InputError(
            f"--stage: found {stage!r}, expected lower-case letters, digits and '-' between them",
            "take a name such as dev, or feature-x for a branch feature/x",
        )
