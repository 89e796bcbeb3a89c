"""Child processes that never outlive the server: jobs and Lambda functions run in these.

Each child runs under a small supervisor, `leash.py`, that holds the read end of a pipe. When the
server ends in any way, `kill -9` included, the pipe closes and the supervisor kills the child and
all that the child started.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

_LEASH = (str(Path(__file__).with_name("leash.py")),)
_TIME_TO_DIE = 10.0

_running: "set[Process]" = set()


class Process:
    """A command under the leash, in a process group of its own."""

    def __init__(self, supervisor: "subprocess.Popen[bytes]", leash: int) -> None:
        self._supervisor = supervisor
        self._leash = leash
        self._lock = threading.Lock()
        _running.add(self)

    @property
    def pid(self) -> int:
        """The supervisor's process id; the command itself is its child."""
        return self._supervisor.pid

    @property
    def stdout(self) -> IO[bytes] | None:
        """The command's output and errors, if it was started with `stdout=subprocess.PIPE`."""
        return self._supervisor.stdout

    def poll(self) -> int | None:
        """Return what `wait` returns, or None while the command runs."""
        return self._ended(self._supervisor.poll())

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end of the command; return its exit code, or -N if signal N killed it.

        Raises subprocess.TimeoutExpired after `timeout` seconds.
        """
        code = self._supervisor.wait(timeout)
        self._ended(code)
        return code

    def terminate_group(self, number: int = signal.SIGTERM) -> None:
        """Send the signal to the command and to everything in its process group."""
        with self._lock, contextlib.suppress(BrokenPipeError):
            if self._leash >= 0:
                os.write(self._leash, bytes([number]))

    def kill_group(self) -> None:
        """Kill the command and everything that it started."""
        self._let_go()

    def _ended(self, code: int | None) -> int | None:
        if code is not None:
            self._let_go()
            _running.discard(self)
        return code

    def _let_go(self) -> None:
        with self._lock:
            if self._leash >= 0:
                os.close(self._leash)
                self._leash = -1


def start(
    command: list[str],
    *,
    env: dict[str, str],
    cwd: Path,
    stdout: int | IO[bytes],
    supervisor: Sequence[str] = _LEASH,
) -> Process:
    """Start `command` in its own process group with no standard input.

    `env` is the whole environment of the command. `stdout`, a file, a descriptor or
    `subprocess.PIPE`, takes its output and its errors. A command that cannot be executed ends
    with exit code 127 and the reason as its output. `supervisor` is the script that runs the
    command on its leash, with arguments that come before the leash.
    """
    reader, writer = os.pipe()
    supervise = [sys.executable, "-I", "-S", *supervisor, str(reader)]
    try:
        started = subprocess.Popen(
            supervise + command,
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            pass_fds=(reader,),
            start_new_session=True,  # Ctrl-C in the terminal reaches the server only
            umask=0o022,  # as in a container, whatever the server's own is
        )
    except BaseException:
        os.close(writer)
        raise
    finally:
        os.close(reader)
    return Process(started, writer)


def end_all() -> None:
    """Kill every command that still runs, and wait until they are gone."""
    running = [process for process in list(_running) if process.poll() is None]
    for process in running:
        process.kill_group()
    for process in running:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_TIME_TO_DIE)
