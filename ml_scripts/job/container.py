"""The container contract: where SageMaker puts things, and how a job reports its failure.

Everything lies below /opt/ml, or below SAGEMAKER_BASE_DIR, the variable that AWS's own training
toolkit reads, so that a script runs the same way outside a container.
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
"""

import argparse
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from job.errors import ScriptError, UsageError

# FailureReason holds the first 1024 characters, ExitMessage 1 KB.
MAX_FAILURE_BYTES = 1024
SINGLE_LETTER = len("--k")


def base_directory() -> Path:
    """Return the root of the contract, /opt/ml unless SAGEMAKER_BASE_DIR moves it."""
    return Path(os.environ.get("SAGEMAKER_BASE_DIR") or "/opt/ml")


class ArgumentParser(argparse.ArgumentParser):
    """An argument parser whose complaint is a UsageError, so that it reaches the job's status."""

    def __init__(self, description: str) -> None:
        super().__init__(description=description, allow_abbrev=False)

    def add_argument(self, *names: str, **settings: Any) -> argparse.Action:
        """Add an argument; one of a single letter, `--k`, is taken as `-k` too.

        AWS's training toolkit passes a hyperparameter of one letter on so.
        """
        short = [name[1:] for name in names if len(name) == SINGLE_LETTER and name[:2] == "--"]
        return super().add_argument(*names, *(set(short) - set(names)), **settings)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see {self.prog} --help)")


def seed(text: str) -> int:
    """Read a seed: a whole number from 0 to 2**32 - 1, what numpy and TensorFlow both take."""
    if not 0 <= (number := int(text)) < 2**32:
        raise argparse.ArgumentTypeError(f"{text} is not within 0 and 2**32 - 1")
    return number


def fraction(text: str) -> float:
    """Read a number above 0 and below 1."""
    if not 0 < (number := float(text)) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return number


def run(job: Callable[[], None], failure_file: str) -> int:
    """Run a job and return its exit code; a failure becomes one line on stderr and in a file.

    Args:
        job: the work; any exception is its failure.
        failure_file: below output/, `failure` for a training job (becomes FailureReason),
            `message` for a processing job (becomes ExitMessage).
    """
    try:
        job()
    except ScriptError as error:
        return _report(str(error), failure_file)
    except Exception as error:  # a bug, a full disk: the traceback goes to the log as well
        for line in traceback.format_exc().splitlines():
            print(printable(line), file=sys.stderr)
        return _report(f"{type(error).__name__}: {error}", failure_file)
    return 0


def _report(message: str, failure_file: str) -> int:
    line = one_line(message)
    print(f"error: {line}", file=sys.stderr, flush=True)
    path = base_directory() / "output" / failure_file
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(line.encode()[:MAX_FAILURE_BYTES].decode(errors="ignore").encode())
    except OSError as error:  # the line above and the exit code still tell
        print(f"error: cannot write {path}: {error}", file=sys.stderr, flush=True)
    return 1


def one_line(message: str) -> str:
    """Join lines and drop control characters, which a file name from an upload may carry."""
    return printable(" ".join(message.split()))


def printable(text: str) -> str:
    """Return the text with a space for each character that is not to be printed as it is."""
    return "".join(c if c.isprintable() else " " for c in text)
