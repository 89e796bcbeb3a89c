"""The folder that `retrain package` writes: a template, and all the code that it needs."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import boto3

from state_machine import stage_names
from state_machine.account import key_problem
from state_machine.artifacts.lambda_zip import LambdaZip
from state_machine.config import PipelineConfig
from state_machine.deployment.stage import StageDeployment
from state_machine.errors import DeploymentError
from state_machine.names import Names
from state_machine.template.template import template, template_names

TEMPLATE = "template.json"
README = "README.md"


@dataclass(frozen=True)
class Package:
    """What is deployed by template: files by their path in the folder, and how to use them."""

    names: Names
    files: dict[str, bytes]
    commands: tuple[str, ...]

    def write(self, folder: Path) -> Path:
        """Write the files into the folder, which may be there; return it."""
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return folder


def package(config: PipelineConfig, stage: str, region: str, project: Path) -> Package:
    """Package the project in the folder `project` for one stage in one region, of any account.

    AWS is not asked; pip is, once, for the Lambdas' wheels.

    Raises:
        DeploymentError: pip or Chalice failed, or the key of `[account]` is of another region.
        StageNameError: AWS would refuse a name of the stage.
    """
    names = template_names(config.name, stage, region, config.account.role_path)
    group = names.model_package_group(config.registry.model_package_group)
    stage_names.check(replace(names, account="0" * 12, partition="aws"), group)
    if problem := key_problem(config.account, region):
        raise DeploymentError(f"{problem}. Take another key, or another region")
    deployment = StageDeployment(config, names, boto3.Session(region_name=region), project)
    commands = tuple(_commands(names, deployment.app.package))
    return Package(names, dict(_files(deployment, commands)), commands)


def _files(stage: StageDeployment, commands: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    yield TEMPLATE, json.dumps(template(stage), indent=1).encode()
    yield stage.app.package.name, stage.app.package.content
    for name, content in stage.code.files.items():
        yield f"{stage.code.prefix}{name}", content
    yield README, _readme(stage.names, commands).encode()


def _commands(names: Names, lambdas: LambdaZip) -> Iterator[str]:
    """What a shell in the folder does. The template is too large for a request without a bucket:

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
    """
    yield f"aws s3 cp {lambdas.name} s3://$ARTIFACTS/"
    yield (
        f"aws cloudformation deploy --template-file {TEMPLATE} --stack-name {names.prefix} "
        f"--s3-bucket $ARTIFACTS --parameter-overrides ArtifactsBucket=$ARTIFACTS "
        f"--capabilities CAPABILITY_NAMED_IAM --no-fail-on-empty-changeset"
    )
    account = "$(aws sts get-caller-identity --query Account --output text)"
    bucket = names.bucket.replace(names.account, account)
    yield f'aws s3 cp --recursive code "s3://{bucket}/code"'


def _readme(names: Names, commands: tuple[str, ...]) -> str:
    lines = [f"export AWS_DEFAULT_REGION={names.region} ARTIFACTS=a-bucket-of-yours", *commands]
    return (
        f"# {names.prefix}, in {names.region}\n\n"
        f"Deploys the stage `{names.stage}` by CloudFormation, the first time and again. "
        f"`ARTIFACTS` names a bucket of\nthe same account and region; uploads of data have to wait "
        f"for the last command.\n\n```\n" + "\n".join(lines) + "\n```\n"
    )
