"""`retrain local`: the embedded AWS on this machine."""
# ruff: noqa: PLC0415  Each command imports what it needs, so that `retrain --help` is quick.

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.options import CONFIG, AsJson, Config
from cli.shown.terminal import WARNING, Terminal
from operations.project import project_of

local_app = typer.Typer(
    no_args_is_help=True,
    help="The embedded AWS on this machine.\n\nExample: retrain local run",
)


@local_app.command("start")
def local_start(
    service_control_policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="hold the account to this policy of its organization"),
    ] = None,
    config: Config = CONFIG,
) -> None:
    """Start the embedded AWS in the background.

    It runs until `retrain local stop`; `retrain demo` uses it while it runs.

    Example: retrain local start && eval "$(retrain local env)"
    """
    from cli.served import embedded_aws

    project = project_of(config)
    aws, new = embedded_aws.start(project, service_control_policy)
    Terminal().line(f"Embedded AWS {'started' if new else 'runs already'} at {aws.endpoint}")
    _warn(embedded_aws.warnings(embedded_aws.status(project)))
    Terminal().line('Next: eval "$(retrain local env)" && retrain deploy')


@local_app.command("stop")
def local_stop(config: Config = CONFIG) -> None:
    """Stop the embedded AWS and everything that it started.

    Example: retrain local stop
    """
    from cli.served import embedded_aws

    stopped = embedded_aws.stop(project_of(config))
    Terminal().line("Embedded AWS stopped" if stopped else "No embedded AWS was running")


@local_app.command("status")
def local_status(
    as_json: AsJson = False,
    config: Config = CONFIG,
) -> None:
    """Say whether the embedded AWS runs, where, and what is kept.

    Example: retrain local status --json
    """
    from cli.served import embedded_aws

    status = embedded_aws.status(project_of(config))
    if as_json:
        typer.echo(json.dumps(status))
    elif status["running"]:
        Terminal().line(f"Embedded AWS runs at {status['endpoint']}, process {status['pid']}")
    else:
        Terminal().line("No embedded AWS runs")
    if not as_json:
        Terminal().line(embedded_aws.kept_line(status))
        _warn(embedded_aws.warnings(status))


def _warn(warnings: list[str]) -> None:
    for warning in warnings:
        Terminal().mark(WARNING, warning, "yellow")


@local_app.command("env")
def local_env(config: Config = CONFIG) -> None:
    """Print the exports that point a shell's AWS tools at the embedded AWS.

    `eval "$(retrain local env)"` applies them.

    Example: retrain local env
    """
    from cli.served import embedded_aws

    for line in embedded_aws.env(project_of(config)):
        typer.echo(line)


@local_app.command("reset")
def local_reset(config: Config = CONFIG) -> None:
    """Remove all that the stopped embedded AWS keeps: objects, functions, history, logs.

    Example: retrain local reset
    """
    from cli.served import embedded_aws

    there = embedded_aws.reset(project_of(config))
    Terminal().line("Removed what the embedded AWS kept" if there else "There was nothing")


@local_app.command("run")
def local_run(config: Config = CONFIG) -> None:
    """Run the embedded AWS until Ctrl-C.

    Prints the exports that other shells need to talk to it.

    Example: retrain local run
    """
    from cli.served.embedded_aws import own_aws, serve, stop_on_sigterm, without_containers

    stop_on_sigterm()
    with own_aws(project_of(config)) as aws:
        _warn(without_containers(aws))
        serve(aws, Terminal())
