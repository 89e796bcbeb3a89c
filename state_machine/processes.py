"""Child processes whose end is looked at: nothing that failed is taken for done."""

import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

LAST_LINES = 15


class ProcessFailedError(Exception):
    """A program was not there, failed, was killed, or took too long; says which.

    `lines` are the last ones that it printed, its errors after everything else.
    """

    def __init__(self, message: str, lines: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.lines = list(lines)


def run(
    command: Sequence[str],
    what: str,
    *,
    env: Mapping[str, str],
    cwd: Path | None = None,
    timeout: float | None = None,
) -> bytes:
    """Run the command to its end, without standard input; return its standard output.

    `env` is its whole environment, `what` is what a person calls it, `timeout` is in seconds.

    Raises:
        ProcessFailedError: the end was any other than exit code 0, or there was no beginning.
    """
    try:
        ended = subprocess.run(
            command,
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ProcessFailedError(f"{what} took longer than {timeout} s") from error
    except OSError as error:
        reason = f"{what} could not be started: {command[0]}: {error.strerror}"
        raise ProcessFailedError(reason) from error
    if ended.returncode != 0:
        lines = [*_lines(ended.stdout), *_lines(ended.stderr)][-LAST_LINES:]
        raise ProcessFailedError(f"{what} {ending(ended.returncode)}", lines)
    return ended.stdout


def ending(code: int) -> str:
    """Say how a process ended by its code, which is -N if signal N killed it.

    https://docs.python.org/3/library/subprocess.html#subprocess.Popen.returncode
    """
    if code >= 0:
        return f"failed with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:  # a signal of real time has no name
        return f"was killed by signal {-code}"


def _lines(printed: bytes) -> list[str]:
    return printed.decode(errors="replace").strip().splitlines()
