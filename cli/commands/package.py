"""`retrain package`: for those who deploy by CloudFormation."""
# ruff: noqa: PLC0415  Each command imports what it needs, so that `retrain --help` is quick.

from pathlib import Path
from typing import Annotated

import typer

from cli.options import CONFIG, DEV, Config, StageName
from cli.shown.terminal import Terminal
from operations.errors import CredentialsError
from operations.project import project_of

Output = Annotated[
    Path | None,
    typer.Option("--output", help="The folder to write; .retrain/package/STAGE if omitted."),
]


def package(stage: StageName = DEV, config: Config = CONFIG, output: Output = None) -> None:
    """Write a CloudFormation template of what `deploy` makes, with the code beside it.

    The template is for one region, AWS_DEFAULT_REGION, and for any account; no credentials are
    needed. README.md in the folder has the commands that deploy it.

    Example: retrain package --stage prod --output ./prod
    """
    import boto3

    from operations.stage import check_stage
    from state_machine.artifacts.work_folder import work_folder
    from state_machine.config import load
    from state_machine.template import package as packaging

    check_stage(stage)
    region = boto3.Session().region_name
    if region is None:
        raise CredentialsError("No AWS region is set", "set AWS_DEFAULT_REGION, e.g. us-east-1")
    settings, project, terminal = load(config), project_of(config), Terminal()
    with terminal.step(f"Package of stage {stage} for {region}") as step:
        made = packaging.package(settings, stage, region, project)
        folder = made.write(output or work_folder(project) / "package" / stage)
        for name, content in made.files.items():
            step.say(f"{name} ({len(content):,} bytes)")
    terminal.line(f"Next, in {folder}, with a bucket of yours in place of $ARTIFACTS:")
    for command in made.commands:
        terminal.line(f"  {command}")
