"""`retrain upload`: a data set into the bucket, which starts an execution."""
# ruff: noqa: PLC0415  Each command imports what it needs, so that `retrain --help` is quick.

from pathlib import Path
from typing import Annotated

import typer

from cli.options import CONFIG, DEV, Config, StageName, on_stage
from cli.shown.terminal import WARNING, Terminal

# How long it waits for its execution; S3's events take seconds, as a rule.
EVENT_SECONDS = 15.0


def upload(
    path: Annotated[Path, typer.Argument(help="A file, or a folder with the data set's files.")],
    dataset: Annotated[
        str,
        typer.Option("--dataset", help="The data set's name; that of pipeline.toml if omitted."),
    ] = "",
    stage: StageName = DEV,
    config: Config = CONFIG,
) -> None:
    """Upload a data set: when it is complete an execution starts.

    Example: retrain upload ./my-images --dataset my-images
    """
    from rich.filesize import decimal

    from operations.data_sets.upload import upload as upload_files
    from operations.executions.observer import executions, new_execution
    from operations.stage import connect

    terminal, target = Terminal(), connect(config, stage)
    states, machine = target.client("stepfunctions"), target.names.state_machine_arn
    known = executions(states, machine)
    with terminal.step("Upload") as step:
        done = upload_files(target, path, dataset or target.config.data.dataset, step)
        step.title = f"Upload of {', '.join(done.names)}, {decimal(done.size)}, to {done.uri}"
    if done.incomplete:
        terminal.mark(WARNING, f"No execution starts: {done.incomplete}", "yellow")
        return
    with terminal.step("Execution"):
        started = new_execution(states, machine, known, EVENT_SECONDS)
    following = on_stage("retrain watch", stage)
    if started:
        terminal.line(f"Started {started}\nNext: {following}")
    else:
        terminal.line(f"None has started yet; S3 may take a minute or more. Next: {following}")
