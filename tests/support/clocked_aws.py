"""python -m tests.support.clocked_aws FOLDER: an embedded AWS whose clock stands until it is told.

Each line of standard input is a number of seconds, by which the clock goes on; the end of standard
input ends the server. It says where it listens, and then answers each line, on standard output.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import time_machine

from local_aws.client import Connection
from local_aws.state import folder
from tests.support.paths import PROJECT

REGION = "us-east-1"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class ClockedAws(Connection):
    """A context manager: the embedded AWS as a process of its own, with its clock in our hand."""

    def __init__(self, data_folder: Path) -> None:
        super().__init__(data_folder, endpoint="", region=REGION, pid=0)
        self.now = BEGIN

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", __spec__.name, str(self.data_folder)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=PROJECT, stdin=pipe, stdout=pipe, text=True)
        self.endpoint, self.pid = json.loads(self._tell(None)), self._process.pid
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)
        self._tell(seconds)

    def _tell(self, seconds: int | None) -> str:
        write, read = _pipes(self._process)
        if seconds is not None:
            print(seconds, file=write, flush=True)
        line = read.readline()
        assert line, "the embedded AWS ended"
        return line


def _pipes(process: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    assert process.stdin and process.stdout
    return process.stdin, process.stdout


def main() -> None:
    """Serve, and move the clock as standard input says."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # moto prints; nobody may take that for an answer
    from local_aws.server.server import Server  # noqa: PLC0415 (after the clock was stopped)

    data_folder = Path(sys.argv[1])
    folder.make_private(data_folder)
    server = Server(data_folder, region=REGION)
    with time_machine.travel(BEGIN, tick=False) as clock:
        server.start()
        print(json.dumps(server.context.endpoint), file=answers, flush=True)
        for line in sys.stdin:
            clock.shift(int(line))
            print("moved", file=answers, flush=True)
        server.stop()
    os._exit(0)  # moto's own threads may sit in a Wait state for days


if __name__ == "__main__":
    main()
