"""One server to a data folder: a lock while it runs, and a file that says where it answers.

The lock is the kernel's, so it ends with the process however that ends; the file may outlive it and
counts only while the lock is held.
"""

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

_LOCK = "server.lock"
_ABOUT = "server.json"
_PORT = "server.port"
_PATIENCE_SECONDS = 0.2

_held: list[IO[str]] = []  # open files, so that the kernel keeps their locks until the very end


class AlreadyServedError(Exception):
    """Another embedded AWS works in this data folder."""


@dataclass(frozen=True)
class About:
    """What a running server says of itself. `started_at` is in seconds since the epoch."""

    endpoint: str
    pid: int
    region: str
    started_at: float


def claim(data_folder: Path) -> None:
    """Take the folder for this process, until the process ends.

    Raises:
        AlreadyServedError: another process has it; names its process id and endpoint.
    """
    lock = (data_folder / _LOCK).open("a")
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not _lock(lock):
        # Somebody who only asks holds the lock for an instant; a server keeps it.
        if time.monotonic() > deadline:
            lock.close()
            raise AlreadyServedError(served_by(data_folder))
        time.sleep(_PATIENCE_SECONDS / 10)
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
    """The port that the folder's last server had; 0 if it had none yet."""
    try:
        return int((data_folder / _PORT).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return 0


def running(data_folder: Path) -> About | None:
    """What the server that has the folder says of itself; None if there is none that answers."""
    return _read(data_folder) if is_claimed(data_folder) else None


def is_claimed(data_folder: Path) -> bool:
    """Whether a server has the folder, answering or not."""
    try:
        with (data_folder / _LOCK).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def this_process(endpoint: str, region: str) -> About:
    """What this process says of itself."""
    return About(endpoint, os.getpid(), region, time.time())


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
