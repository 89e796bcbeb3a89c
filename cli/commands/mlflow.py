"""`retrain mlflow`: the experiments of `demo` in the browser."""
# ruff: noqa: PLC0415  Each command imports what it needs, so that `retrain --help` is quick.

from typing import Annotated

import typer

from cli.options import CONFIG, Config
from cli.shown.terminal import Terminal
from operations.project import project_of


def mlflow(
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Of the address.")] = 5001,
    config: Config = CONFIG,
) -> None:
    """Open MLflow on the runs of `demo`, on this machine only, until Ctrl-C.

    Example: retrain mlflow
    """
    from cli.served.embedded_aws import stop_on_sigterm
    from cli.served.mlflow import serve

    stop_on_sigterm()
    serve(project_of(config), port, Terminal())
