"""What ended environments leave in a function's folder: the last few of a kind are kept.

AWS keeps no disk of an ended environment. Here the code and the raw output stay for who looks for
a fault, in a number that does not grow.
"""

import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

KEPT_CODE = 3  # folders of each function
KEPT_LOGS = 20  # files of each function
LOGS = "logs"
_GOING = ".removing-"


class Leftovers:
    """Removes the oldest code and logs of functions, but nothing that is in use."""

    def __init__(self) -> None:
        self._used: Counter[Path] = Counter()
        self._lock = threading.Lock()

    def use(self, path: Path) -> None:
        """Keep the folder or file, which may not be there yet, until it is released."""
        with self._lock:
            self._used[path] += 1

    def release(self, paths: Iterable[Path]) -> None:
        """An environment has ended that used these; remove what is too old beside each."""
        with self._lock:
            for path in paths:
                self._used[path] -= 1
                if not self._used[path]:
                    del self._used[path]
                    _touch(path)
                self._prune(path.parent)

    def tidy(self, folder: Path, exists: Callable[[str], bool]) -> None:
        """At a start: remove the folders of functions that are gone, and what a kill left."""
        with self._lock:
            for function in folder.glob("*"):
                if not exists(function.name):
                    _remove(function)
                    continue
                for unfinished in function.glob(".*"):  # being unpacked, or removed
                    shutil.rmtree(unfinished, ignore_errors=True)
                self._prune(function)
                self._prune(function / LOGS)

    def _prune(self, folder: Path) -> None:
        kept = KEPT_LOGS if folder.name == LOGS else KEPT_CODE
        found = [path for path in folder.glob("[!.]*") if path.name != LOGS]
        for path in sorted(found, key=_age)[kept:]:
            if path not in self._used:
                _remove(path)


def _age(path: Path) -> float:
    return -path.stat().st_mtime


def _touch(path: Path) -> None:
    if path.exists():
        path.touch()


def _remove(path: Path) -> None:
    """Of a folder nothing is left that looks whole, whenever the server is killed."""
    if path.is_dir():
        going = path.with_name(f"{_GOING}{path.name}")
        path.rename(going)
        shutil.rmtree(going, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
