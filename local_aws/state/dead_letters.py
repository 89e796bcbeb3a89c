"""Events that were given up: what could not be delivered, and will not be tried again."""

import json
import logging
import threading
from datetime import UTC, datetime
from pathlib import Path

from local_aws.state.summary import DEAD_LETTERS

KEPT = 1000

_log = logging.getLogger(__name__)


class DeadLetters:
    """One line of JSON each in `<data folder>/dead-letters.jsonl`, the newest 1,000 at least."""

    def __init__(self, data_folder: Path) -> None:
        self._path = data_folder / DEAD_LETTERS
        self._lock = threading.Lock()
        self._lines = -1  # not counted yet

    def add(self, message: object, error: Exception) -> None:
        """Keep the message, as its `str` describes it, with the error that was its last."""
        _log.error("%s was not delivered", message, exc_info=error)
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "message": str(message),
            "error": f"{type(error).__name__}: {error}",
        }
        with self._lock:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{json.dumps(line)}\n")
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        if self._lines < 0:
            self._lines = len(self._read())
        else:
            self._lines += 1
        if self._lines > 2 * KEPT:
            partial = self._path.with_name(f"{self._path.name}.partial")
            partial.write_text("".join(self._read()[-KEPT:]), encoding="utf-8")
            partial.replace(self._path)
            self._lines = KEPT

    def _read(self) -> list[str]:
        return self._path.read_text(encoding="utf-8").splitlines(keepends=True)
