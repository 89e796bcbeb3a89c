"""`retrain demo`: the whole pipeline on this machine."""
# ruff: noqa: PLC0415  Each command imports what it needs, so that `retrain --help` is quick.

from pathlib import Path
from typing import Annotated

import typer

from cli.options import CONFIG, Config, exit_by
from cli.shown.terminal import Terminal
from operations.project import project_of


def demo(
    sample: Annotated[
        bool, typer.Option("--sample", help="Use scikit-learn's digits: under a minute.")
    ] = False,
    data: Annotated[
        Path | None, typer.Option("--data", help="A folder that holds the data set's files.")
    ] = None,
    config: Config = CONFIG,
    keep_running: Annotated[
        bool, typer.Option("--keep-running", help="Keep the embedded AWS up until Ctrl-C.")
    ] = False,
    console: Annotated[
        bool, typer.Option("--console", help="Open the console, and keep both up until Ctrl-C.")
    ] = False,
) -> None:
    """Run the whole pipeline on this machine.

    No AWS account, no Docker: starts the embedded AWS, deploys to it, uploads the data set,
    follows the execution that the upload starts, and says how it ended. The facts are in
    .retrain/last-run.json.

    Example: retrain demo --sample
    """
    from cli.served.demo import Demo, sample_config
    from cli.served.embedded_aws import stop_on_sigterm
    from state_machine.config import load

    stop_on_sigterm()
    settings = load(config)
    if sample:
        settings = sample_config(settings)
    demo = Demo(settings, project_of(config), Terminal())
    run = demo.run(data, keep_running=keep_running, console=config if console else None)
    exit_by(run)
