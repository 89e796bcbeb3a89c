"""Serve the console on loopback; `retrain console` starts this."""

from pathlib import Path
from typing import Annotated

import typer

from console.account import Account
from console.app import serve
from operations.stage import connect


def main(
    port: Annotated[int, typer.Option()],
    config: Annotated[Path, typer.Option()] = Path("pipeline.toml"),
    stage: Annotated[str, typer.Option()] = "dev",
    read_only: Annotated[bool, typer.Option("--read-only")] = False,
) -> None:
    """Serve until the process is ended."""
    serve(Account(connect(config, stage), read_only), port)


typer.run(main)
