"""Options that commands have in common."""

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]
Config = Annotated[Path, typer.Option("--config", help="The pipeline's settings.")]
StageName = Annotated[str, typer.Option("--stage", help="The stage to talk to.")]
CONFIG = Path("pipeline.toml")
DEV = "dev"
