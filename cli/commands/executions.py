"""`retrain start`, `watch`, `redrive` and `reproduce`: executions, from here to their end."""
# ruff: noqa: PLC0415  Each command imports what it needs, so that `retrain --help` is quick.

import re
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import CONFIG, DEV, Config, StageName, exit_by, on_stage
from cli.shown.terminal import DONE, WARNING, Terminal
from operations.errors import InputError

if TYPE_CHECKING:
    from operations.stage import Stage

# https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
EXECUTION_NAME = r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}"
EXECUTION_ARN = r"arn:[a-z-]+:states:[a-z0-9-]+:\d{12}:execution:[^:\s]{1,80}:" + EXECUTION_NAME


def start(
    input_json: Annotated[
        str, typer.Option("--input", help="The execution's input, a JSON object.")
    ] = "{}",
    again: Annotated[
        bool, typer.Option("--again", help="Start although the same data was run before.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="As --again, and compute every step anew.")
    ] = False,
    stage: StageName = DEV,
    config: Config = CONFIG,
) -> None:
    """Start an execution on data that is already uploaded.

    Without `dataset` in the input it takes the newest complete data set. Files that were run before
    with the same hyperparameters are not run again without --again, whatever was deployed since.
    A step that would compute the same as in an earlier run is taken from there without --force.

    Example: retrain start --input '{"hyperparameters": {"epochs": 2}, "reason": "a quick look"}'
    """
    from operations.executions import start as starting
    from operations.stage import connect

    asked = starting.execution_input(input_json)
    asked |= {name: True for name, given in (("again", again), ("force", force)) if given}
    target, terminal = connect(config, stage), Terminal()
    functions = target.client("lambda", starting.ONCE)
    answer = starting.start(functions, target.names, asked)
    if answer.started:
        terminal.mark(DONE, f"Started {answer.execution_arn}", "green")
        terminal.line(f"Next: {on_stage('retrain watch', stage)}")
    else:
        terminal.mark(WARNING, f"Nothing started: {answer.message}", "yellow")
        another, watch_it = (
            on_stage(command, stage)
            for command in ("retrain start --again", f"retrain watch {answer.name}")
        )
        terminal.line(f"Next: {another}, or {watch_it}")


def watch(
    execution: Annotated[
        str, typer.Argument(help="An execution's name or ARN; the newest one if omitted.")
    ] = "",
    stage: StageName = DEV,
    config: Config = CONFIG,
) -> None:
    """Follow an execution until it ends, and say how it ended.

    Example: retrain watch
    """
    from cli.shown import summary
    from cli.shown.outcome import follow_to_end
    from operations.executions.observer import newest_execution
    from operations.stage import connect

    target, terminal = connect(config, stage), Terminal()
    if not execution:
        states = target.client("stepfunctions")
        execution = newest_execution(states, target.names.state_machine_arn)
    run = follow_to_end(target, _execution_arn(target, execution), terminal)
    summary.show(run, terminal)
    exit_by(run)


def redrive(
    execution: Annotated[str, typer.Argument(help="The name or ARN of an execution that failed.")],
    stage: StageName = DEV,
    config: Config = CONFIG,
) -> None:
    """Resume a failed execution at the step that failed.

    Steps that have finished are not repeated. Follows the execution to its end, as `watch` does.

    Example: retrain redrive fashion-mnist-cafffd8da40d
    """
    from cli.shown import summary
    from cli.shown.outcome import follow_to_end
    from operations.executions.redrive import redrive as resume
    from operations.stage import connect

    target, terminal = connect(config, stage), Terminal()
    arn = _execution_arn(target, execution)
    count = resume(target.client("stepfunctions"), arn)
    terminal.mark(DONE, f"Resumed {arn} (redrive {count})", "green")
    run = follow_to_end(target, arn, terminal)
    summary.show(run, terminal)
    exit_by(run)


def reproduce(
    version: Annotated[
        str, typer.Argument(metavar="VERSION", help="A number, `champion`, or an ARN.")
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why: it stands in the run.")] = "",
    group: Annotated[
        str, typer.Option("--group", help="The model package group; pipeline.toml's if omitted.")
    ] = "",
    stage: StageName = DEV,
    config: Config = CONFIG,
) -> None:
    """Train a registered version again, and say whether the result matches.

    A new execution takes exactly the version's data, hyperparameters, preprocessing and code, and
    is followed to its end. Nothing is registered. Exits with 0 if weights and metrics are the same,
    with 1 if not.

    Example: retrain reproduce champion
    """
    from cli.shown import summary
    from cli.shown.outcome import follow_to_end
    from operations.models import reproduce as reproducing
    from operations.stage import connect

    target, terminal = connect(config, stage), Terminal()
    group = group or target.model_package_group
    answer = reproducing.start(target, group, version, reason)
    terminal.mark(DONE, f"Started {answer.execution_arn}", "green")
    run = follow_to_end(target, answer.execution_arn, terminal)
    summary.show(run, terminal)
    if not reproducing.is_reproduced(run):
        raise typer.Exit(1)


def _execution_arn(target: "Stage", name_or_arn: str) -> str:
    """Return the ARN. Raises InputError for what names no execution."""
    is_arn = name_or_arn.startswith("arn:")
    if not re.fullmatch(EXECUTION_ARN if is_arn else EXECUTION_NAME, name_or_arn):
        raise InputError(
            f"EXECUTION: found {name_or_arn!r}, expected a name such as "
            "fashion-mnist-cafffd8da40d, or the ARN of an execution of Step Functions",
            "`retrain watch` without a name finds the newest",
        )
    return name_or_arn if is_arn else target.names.execution_arn(name_or_arn)
