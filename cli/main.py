"""The `retrain` command: the list of its commands, and errors as one clear line."""

import os
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cli.commands.console import console
from cli.commands.demo import demo
from cli.commands.doctor import doctor
from cli.commands.events import events_app
from cli.commands.executions import redrive, reproduce, start, watch
from cli.commands.local import local_app
from cli.commands.mlflow import mlflow
from cli.commands.models import models_app
from cli.commands.package import package
from cli.commands.stages import deploy, destroy
from cli.commands.upload import upload
from cli.shown.terminal import Terminal
from local_aws.shell import directly
from operations.errors import RetrainError, translated

INTERRUPTED = 130
PACKAGE = "retrain"


class Commands(TyperGroup):
    """Runs a command; errors that a person can act on are shown without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command and return its result; exit with 1 on an error, 130 on Ctrl-C.

        A proxy of the shell's is for the network: an endpoint on this machine is asked directly.
        """
        os.environ.update(directly(os.environ))
        try:
            with translated():
                return super().invoke(ctx)
        except RetrainError as error:
            Terminal().error(str(error), error.next_step)
            raise typer.Exit(1) from error
        except KeyboardInterrupt:
            Terminal().stopped("Stopped by Ctrl-C")
            raise typer.Exit(INTERRUPTED) from None


def _show_version(asked: bool) -> None:
    if asked:
        Terminal().line(f"retrain {version(PACKAGE)}")
        raise typer.Exit


app = typer.Typer(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def retrain(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Say which version this is."
        ),
    ] = False,
) -> None:
    """Event-driven model retraining on Step Functions and SageMaker.

    Commands talk to the AWS that AWS_ENDPOINT_URL and the credentials name;
    `demo` and `local run` bring one up on this machine.
    """


app.add_typer(local_app, name="local")
app.add_typer(events_app, name="events")
app.add_typer(models_app, name="models")


for command in (
    demo,
    doctor,
    deploy,
    destroy,
    package,
    upload,
    start,
    watch,
    redrive,
    reproduce,
    console,
    mlflow,
):
    app.command()(command)
