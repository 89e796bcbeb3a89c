"""`retrain console`: executions, models and data sets in the browser."""
# ruff: noqa: PLC0415  Each command imports what it needs, so that `retrain --help` is quick.

from typing import Annotated

import typer

from cli.options import CONFIG, DEV, Config, StageName
from cli.shown.terminal import Terminal
from operations.errors import translated
from operations.project import project_of


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
    from cli.served import site as web
    from cli.served.console import naming_an_aws, site
    from cli.served.embedded_aws import stop_on_sigterm
    from operations.stage import connect

    stop_on_sigterm()
    web.check_free(port, "retrain console")
    with naming_an_aws(), translated():
        connect(config, stage)  # what is wrong with it is said here, and not in the console's log
    web.serve(site(config, project_of(config), stage, port, read_only=read_only), Terminal())
