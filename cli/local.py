"""The embedded AWS as the command line uses it."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from cli.aws import applied, exports
from cli.errors import LocalAwsError, UnreachableError, translated
from cli.terminal import Terminal
from local_aws.client import EmbeddedAws, EmbeddedAwsError

WORK_FOLDER = ".retrain"


def data_folder(project: Path) -> Path:
    """Where the embedded AWS of this project keeps its files."""
    return project / WORK_FOLDER / "aws"


@contextmanager
def embedded_aws(project: Path) -> Iterator[EmbeddedAws]:
    """An embedded AWS that this process, and what it starts, talks to while the block runs.

    Raises:
        LocalAwsError: it did not start, or ended before the block did.
    """
    with ExitStack() as stack:
        try:
            aws = stack.enter_context(EmbeddedAws(data_folder(project)))
        except EmbeddedAwsError as error:
            raise LocalAwsError(str(error)) from error
        stack.enter_context(applied(aws.environment()))
        try:
            with translated():
                yield aws
        except UnreachableError as error:
            log = aws.data_folder / "server.log"
            raise LocalAwsError("The embedded AWS answers no more", f"see why in {log}") from error


def serve(
    aws: EmbeddedAws, terminal: Terminal, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Say how other programs reach the embedded AWS, and wait for Ctrl-C."""
    try:
        terminal.line("# In another shell:", style="dim")
        for line in exports(aws.environment()):
            terminal.line(line)
        terminal.line("# Ctrl-C stops the embedded AWS.", style="dim")
        while True:
            sleep(1)
    except KeyboardInterrupt:
        terminal.line("Stopping the embedded AWS")


def stop_on_sigterm() -> None:
    """Have SIGTERM end this process as Ctrl-C does, so that what it started is stopped."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
