"""Options that commands have in common."""

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Config = Annotated[Path, typer.Option("--config", help="The pipeline's settings.")]
StageName = Annotated[str, typer.Option("--stage", help="The stage to talk to.")]
CONFIG = Path("pipeline.toml")
DEV = "dev"


def on_stage(command: str, stage: str) -> str:
    """What to type, with the stage if it is not the one that a command takes by itself."""
    return command if stage == DEV else f"{command} --stage {stage}"
