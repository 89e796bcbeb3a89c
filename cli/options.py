"""What commands have in common: options, the exit code of a run, the next command to type."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from operations.executions.record import RunRecord

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Config = Annotated[Path, typer.Option("--config", help="The pipeline's settings.")]
StageName = Annotated[str, typer.Option("--stage", help="The stage to talk to.")]
CONFIG = Path("pipeline.toml")
DEV = "dev"


def on_stage(command: str, stage: str) -> str:
    """What to type, with the stage if it is not the one that a command takes by itself."""
    return command if stage == DEV else f"{command} --stage {stage}"


def exit_by(run: "RunRecord") -> None:
    """Exit with 0 if the run ended in a decision, a rejection included, and with 1 if not."""
    if not run.decided:
        raise typer.Exit(1)
