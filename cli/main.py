"""The `retrain` command: parses arguments, delegates, and turns errors into one clear line."""
# ruff: noqa: PLC0415  Each command imports what it needs, so that `retrain --help` is quick.

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from cli.errors import RetrainError, translated
from cli.event_commands import events_app
from cli.local_commands import local_app
from cli.models import models_app
from cli.options import CONFIG, DEV, AsJson, Config, StageName, on_stage
from cli.package import package
from cli.project import project_of
from cli.stages import deploy, destroy
from cli.terminal import DONE, WARNING, Terminal

if TYPE_CHECKING:
    from cli.aws import Stage
    from cli.run_record import RunRecord

INTERRUPTED = 130
# How long `upload` waits for its execution; S3's events take seconds, as a rule.
EVENT_SECONDS = 15.0


class Commands(TyperGroup):
    """Runs a command; errors that a person can act on are shown without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command and return its result; exit with 1 on an error, 130 on Ctrl-C."""
        try:
            with translated():
                return super().invoke(ctx)
        except RetrainError as error:
            Terminal().error(str(error), error.next_step)
            raise typer.Exit(1) from error
        except KeyboardInterrupt:
            Terminal().stopped("Stopped by Ctrl-C")
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Event-driven model retraining on Step Functions and SageMaker.\n\n"
    "Commands talk to the AWS that AWS_ENDPOINT_URL and the credentials name; "
    "`demo` and `local run` bring one up on this machine.",
)
app.add_typer(local_app, name="local")
app.add_typer(events_app, name="events")
app.add_typer(models_app, name="models")


@app.command()
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
    from cli.demo import Demo, sample_config
    from cli.local import stop_on_sigterm
    from state_machine.config import load

    stop_on_sigterm()
    settings = load(config)
    if sample:
        settings = sample_config(settings)
    demo = Demo(settings, project_of(config), Terminal())
    run = demo.run(data, keep_running=keep_running, console=config if console else None)
    _exit_by(run)


@app.command()
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
    from cli import doctor as doctors
    from cli import findings

    found = []
    for finding in doctors.examine(doctors.Patient(config, stage, data)):
        found.append(finding)
        if not as_json:
            findings.show([finding], Terminal())
    if as_json:
        typer.echo(json.dumps(doctors.as_json(found), indent=2))
    else:
        Terminal().line(findings.summary(found))
    if findings.has_problems(found):
        raise typer.Exit(1)


app.command()(deploy)
app.command()(destroy)
app.command()(package)


@app.command()
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

    from cli.aws import connect
    from cli.upload import upload as upload_files
    from cli.watch import executions, new_execution

    terminal, target = Terminal(), connect(config, stage)
    states, machine = target.client("stepfunctions"), target.names.state_machine_arn
    known = executions(states, machine)
    with terminal.step("Upload") as step:
        done = upload_files(target, path, dataset or target.config.data.dataset, step)
        step.title = f"Upload of {', '.join(done.names)}, {decimal(done.size)}, to {done.uri}"
    if done.missing:
        terminal.mark(WARNING, f"No execution starts: missing {', '.join(done.missing)}", "yellow")
        return
    with terminal.step("Execution"):
        started = new_execution(states, machine, known, EVENT_SECONDS)
    following = on_stage("retrain watch", stage)
    if started:
        terminal.line(f"Started {started}\nNext: {following}")
    else:
        terminal.line(f"None has started yet; S3 may take a minute or more. Next: {following}")


@app.command()
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
    from cli import start as starting
    from cli.aws import connect

    asked = starting.execution_input(input_json)
    asked |= {name: True for name, given in (("again", again), ("force", force)) if given}
    target, terminal = connect(config, stage), Terminal()
    functions = target.session.client("lambda", config=starting.ONCE)
    answer = starting.start(functions, target.names.function("start_retraining"), asked)
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


@app.command()
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
    from cli import summary
    from cli.aws import connect
    from cli.outcome import follow_to_end
    from cli.watch import newest_execution

    target, terminal = connect(config, stage), Terminal()
    if not execution:
        states = target.client("stepfunctions")
        execution = newest_execution(states, target.names.state_machine_arn)
    run = follow_to_end(target, _execution_arn(target, execution), terminal)
    summary.show(run, terminal)
    _exit_by(run)


@app.command()
def redrive(
    execution: Annotated[str, typer.Argument(help="The name or ARN of an execution that failed.")],
    stage: StageName = DEV,
    config: Config = CONFIG,
) -> None:
    """Resume a failed execution at the step that failed.

    Steps that have finished are not repeated. Follows the execution to its end, as `watch` does.

    Example: retrain redrive fashion-mnist-cafffd8da40d
    """
    from cli import summary
    from cli.aws import connect
    from cli.outcome import follow_to_end
    from cli.redrive import redrive as resume

    target, terminal = connect(config, stage), Terminal()
    arn = _execution_arn(target, execution)
    count = resume(target.client("stepfunctions"), arn)
    terminal.mark(DONE, f"Resumed {arn} (redrive {count})", "green")
    run = follow_to_end(target, arn, terminal)
    summary.show(run, terminal)
    _exit_by(run)


@app.command()
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
    from cli import reproduce as reproducing
    from cli import summary
    from cli.aws import connect
    from cli.outcome import follow_to_end

    target, terminal = connect(config, stage), Terminal()
    group = group or target.model_package_group
    answer = reproducing.start(target, group, version, reason)
    terminal.mark(DONE, f"Started {answer.execution_arn}", "green")
    run = follow_to_end(target, answer.execution_arn, terminal)
    summary.show(run, terminal)
    if not reproducing.is_reproduced(run):
        raise typer.Exit(1)


@app.command()
def console(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Of the address.")] = 8080,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="Show everything, and change nothing.")
    ] = False,
    stage: StageName = DEV,
    config: Config = CONFIG,
) -> None:
    """Open the console: executions, models and data sets in the browser, until Ctrl-C.

    On this machine only. What it shows is the AWS that AWS_ENDPOINT_URL and the credentials name.

    Example: retrain console --read-only
    """
    from cli import web
    from cli.aws import connect
    from cli.console import naming_an_aws, site
    from cli.local import stop_on_sigterm

    stop_on_sigterm()
    web.check_free(port, "retrain console")
    with naming_an_aws(), translated():
        connect(config, stage)  # what is wrong with it is said here, and not in the console's log
    web.serve(site(config, project_of(config), stage, port, read_only=read_only), Terminal())


@app.command()
def mlflow(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Of the address.")] = 5001,
    config: Config = CONFIG,
) -> None:
    """Open MLflow on the runs of `demo`, on this machine only, until Ctrl-C.

    Example: retrain mlflow
    """
    from cli.local import stop_on_sigterm
    from cli.mlflow import serve

    stop_on_sigterm()
    serve(project_of(config), port, Terminal())


def _execution_arn(target: "Stage", name_or_arn: str) -> str:
    if name_or_arn.startswith("arn:"):
        return name_or_arn
    return target.names.execution_arn(name_or_arn)


def _exit_by(run: "RunRecord") -> None:
    """Exit with 0 if the run ended in a decision, a rejection included, and with 1 if not."""
    if not run.decided:
        raise typer.Exit(1)
