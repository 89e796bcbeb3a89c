"""`retrain doctor`: check that a deployment or a run would succeed."""
# ruff: noqa: PLC0415  Each command imports what it needs, so that `retrain --help` is quick.

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.options import CONFIG, DEV, AsJson, Config, StageName
from cli.shown.terminal import Terminal


def doctor(
    data: Annotated[
        Path | None, typer.Option("--data", help="A folder that is to be uploaded.")
    ] = None,
    as_json: AsJson = False,
    stage: StageName = DEV,
    config: Config = CONFIG,
) -> None:
    """Say what stands in the way of a deployment or a run, before it costs money.

    Looks at this machine, pipeline.toml, the credentials and what they may do, quotas, images,
    the bucket, the data and the cost of a run. Changes nothing. Exits with 1 if there is a problem.

    Example: retrain doctor --data ./my-images
    """
    from cli.shown.findings import show
    from local_aws.containers.permission import refusal
    from operations.doctor import doctor as doctors
    from operations.doctor.findings import has_problems, summary

    found = []
    for finding in doctors.examine(doctors.Patient(config, stage, data, refusal=refusal)):
        found.append(finding)
        if not as_json:
            show([finding], Terminal())
    if as_json:
        typer.echo(json.dumps(doctors.as_json(found), indent=2))
    else:
        Terminal().line(summary(found))
    if has_problems(found):
        raise typer.Exit(1)
