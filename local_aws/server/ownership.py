"""One server to a data folder: a lock while it runs, and a file that says where it answers.

The lock is the kernel's, so it ends with the process however that ends; the file may outlive it and
counts only while the lock is held.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import psutil

_LOCK = "server.lock"
_ABOUT = "server.json"
_PORT = "server.port"
_PATIENCE_SECONDS = 0.2
# A child that a server had just forked has its lock until it becomes another program, or ends.
_HEIR_SECONDS = 5.0

_held: list[IO[str]] = []  # open files, so that the kernel keeps their locks until the very end


class AlreadyServedError(Exception):
    """Another embedded AWS works in this data folder."""


@dataclass(frozen=True)
class About:
    """What a running server says of itself. `started_at` is in seconds since the epoch.

    `no_containers` says why jobs and Lambdas have no namespaces; it is empty where they have.
    """

    endpoint: str
    pid: int
    region: str
    started_at: float
    no_containers: str = ""


def claim(data_folder: Path) -> None:
    """Take the folder for this process, until the process ends.

    Raises:
        AlreadyServedError: another process has it; names its process id and endpoint.
    """
    lock = (data_folder / _LOCK).open("a")
    # Somebody who only asks holds the lock for an instant; a server keeps it.
    if not _comes_true(lambda: _lock(lock), _PATIENCE_SECONDS) and not _left_by_the_dead(
        data_folder, lambda: _lock(lock)
    ):
        lock.close()
        raise AlreadyServedError(served_by(data_folder))
    withdraw(data_folder)
    _held.append(lock)


def served_by(data_folder: Path) -> str:
    """One line on who has the folder and what to do about it."""
    about = _read(data_folder)
    who = f"process {about.pid} at {about.endpoint}" if about else "another process"
    return (
        f"an embedded AWS runs there already: {who}. `retrain local stop` ends one in the "
        f"background, Ctrl-C one in the foreground"
    )


def announce(data_folder: Path, about: About) -> None:
    """Say where the server that claimed the folder answers."""
    _write(data_folder / _ABOUT, json.dumps(asdict(about)))
    _write(data_folder / _PORT, str(urlsplit(about.endpoint).port))


def withdraw(data_folder: Path) -> None:
    """Say no more that a server answers."""
    (data_folder / _ABOUT).unlink(missing_ok=True)


def last_port(data_folder: Path) -> int:
    """The port that the folder's last server had; 0 if it had none yet, or if no port is there."""
    try:
        port = int((data_folder / _PORT).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return 0
    return port if port in range(1, 65536) else 0


def running(data_folder: Path) -> About | None:
    """What the server that has the folder says of itself; None if there is none that answers."""
    return _read(data_folder) if is_claimed(data_folder) else None


def is_claimed(data_folder: Path) -> bool:
    """Whether a server has the folder, answering or not."""
    return not _is_free(data_folder) and not _left_by_the_dead(
        data_folder, lambda: _is_free(data_folder)
    )


def _is_free(data_folder: Path) -> bool:
    try:
        with (data_folder / _LOCK).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return True
    except BlockingIOError:
        return False
    return True


def _left_by_the_dead(data_folder: Path, is_free: Callable[[], bool]) -> bool:
    """Whether the server that had the folder is dead, and what it had just forked lets go."""
    about = _read(data_folder)
    if about is None or psutil.pid_exists(about.pid):
        return False
    return _comes_true(is_free, _HEIR_SECONDS)


def _comes_true(check: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            return False
        time.sleep(_PATIENCE_SECONDS / 10)
    return True


def this_process(endpoint: str, region: str, no_containers: str = "") -> About:
    """What this process says of itself."""
    return About(endpoint, os.getpid(), region, time.time(), no_containers)


def _lock(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(path: Path, text: str) -> None:
    """The file holds all of the text, or what it held before."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _read(data_folder: Path) -> About | None:
    try:
        return About(**json.loads((data_folder / _ABOUT).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
