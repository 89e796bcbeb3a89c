"""What the embedded AWS knows, kept on disk: it comes back after `kill -9` and a new start.

The state is made of parts, and each part of items. Whoever owns a part says how an item is read
and put back (`keep`), and tells when one changed (`changed`). What changed is saved in one
transaction, and a request is answered once `save` has returned: so nothing is lost that a caller
was told of. Many who wait share a transaction; what nobody waits for is saved by a thread.

One item that cannot be read, or put back, keeps no other from it: it is set aside, and read again
at the next start. While something is set aside `whole` is False, and who would remove what nothing
names any more has to leave it: what is set aside may name it.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_aws.state.file import Row, StateFile, Unwritable
from local_aws.state.pickles import Named, Pickle, dump

_PAUSE_SECONDS = 0.02  # before what nobody waits for is saved, with what changed meanwhile
_LOOKS = 20  # at what is marked meanwhile: on a busy server there is always something
_TRIES = 50

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """How the items of a part are read (None: there is no such item) and put back."""

    get: Callable[[str], Any]
    put: Callable[[str, Any], None]


class State:
    """The state of one embedded AWS, in `<data folder>/state.sqlite`.

    Raises:
        StateError: the folder holds the state of another version.
    """

    def __init__(self, data_folder: Path) -> None:
        self.whole = True  # nothing is set aside
        self._file = StateFile(data_folder)
        self._parts: dict[str, Part] = {}
        self._named: dict[tuple[str, str], Named] = {}
        self._after_restore: list[Callable[[], None]] = []
        self._after_save: list[Callable[[], None]] = []
        self._marking = threading.Lock()
        self._marked: dict[tuple[str, str], None] = {}
        self._marks = 0  # calls of `changed`
        self._saved = 0  # how many of them are on disk
        self._saving = threading.Lock()
        self._saving.acquire()  # until all is put back
        self._woken = threading.Event()
        self._closed = threading.Event()
        self._complained: set[tuple[str, str]] = set()
        self._thread = threading.Thread(target=self._save_soon, name="state", daemon=True)

    def keep(self, part: str, get: Callable[[str], Any], put: Callable[[str, Any], None]) -> None:
        """Keep a part: `get(item)` returns something picklable, or None if the item is gone.

        `put(item, value)` is called for each saved item before the first request is answered, part
        by part in the order of these calls, and in each part in the order that items were made in.
        """
        self._parts[part] = Part(get, put)

    def changed(self, part: str, item: str = "") -> None:
        """Have the item saved soon, as it is then. Cheap; any thread may call it."""
        with self._marking:
            self._marked[part, item] = None
            self._marks += 1
        self._woken.set()

    def save(self) -> None:
        """Return when everything that was marked until now is on disk.

        Raises:
            OSError, sqlite3.Error: it cannot be saved, for example because the disk is full.
        """
        with self._marking:
            until = self._marks
        with self._saving:
            if self._saved < until:  # else somebody else's transaction took it along
                self._commit()

    def after_restore(self, callback: Callable[[], None]) -> None:
        """Have `callback()` called when all is put back, before the first request is answered.

        It is called when there was nothing to put back, too.
        """
        self._after_restore.append(callback)

    def after_save(self, callback: Callable[[], None]) -> None:
        """Have `callback()` called once the item that is just being read is on disk."""
        self._after_save.append(callback)

    def restore(self) -> None:
        """Put back what was saved, and save from now on; what cannot be is set aside.

        Raises:
            StateError: the file is damaged.
        """
        self.whole = self._file.take_back()
        for name, part in self._parts.items():
            for item, read in self._file.items(name):
                try:
                    part.put(item, read())
                except Exception as error:
                    self.set_aside(name, item, error)
        for callback in self._after_restore:
            callback()
        self._saving.release()
        self._thread.start()

    def set_aside(self, part: str, item: str, error: Exception) -> None:
        """Keep the item out of the way, because it cannot be put back. Only while restoring."""
        self.whole = False
        why = _why(error)
        self._file.set_aside(part, item, why)
        _log.warning("%s cannot be read and is set aside: %s", _name(part, item), why)

    def close(self) -> None:
        """Save what is marked, and nothing after that. For the server."""
        self._closed.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join()
            self.save()
            self._saving.acquire()
        self._file.close()

    def all_changed(self) -> None:
        """Mark every item that is on disk: somebody reset the whole of the embedded AWS."""
        with self._saving:
            self._file.forget_problems()
            names = self._file.names()
        for part, item in names:
            self.changed(part, item)

    def _save_soon(self) -> None:
        while not self._closed.is_set():
            self._woken.wait()
            self._closed.wait(_PAUSE_SECONDS)
            self._woken.clear()
            try:
                self.save()
            except Exception:
                _log.exception("the state was not saved; what is marked waits for the next change")

    def _commit(self) -> None:
        """Write what is marked, and what was marked while that was read.

        So a commit that shows a change also shows all that was marked before it could be seen: the
        end of an execution does not get to disk before the event that tells of it.
        """
        taken: dict[tuple[str, str], None] = {}
        rows: dict[tuple[str, str], Row | Unwritable] = {}
        try:
            for _ in range(_LOOKS):
                with self._marking:
                    marked, self._marked = self._marked, {}
                    until = self._marks
                taken |= marked
                rows |= {name: self._row(*name) for name in marked}
                if not marked:
                    break
            self._file.write(list(rows.values()))
        except BaseException:
            with self._marking:
                self._marked = taken | self._marked
            raise
        self._saved = until
        callbacks, self._after_save = self._after_save, []
        for callback in callbacks:
            callback()

    def _row(self, part: str, item: str) -> Row | Unwritable:
        """Return the item as a row, or why it does not pickle: what is on disk stays then."""
        for left in reversed(range(_TRIES)):
            try:
                item.encode()  # sqlite takes no half surrogates
                value = self._parts[part].get(item)
                return Row(part, item, None if value is None else self._pickled(part, item, value))
            except RuntimeError as error:  # "dictionary changed size during iteration"
                if not left:
                    return self._unwritable(part, item, error)
                time.sleep(0.001)
            except Exception as error:
                return self._unwritable(part, item, error)
        raise AssertionError("the last try returns")

    def _pickled(self, part: str, item: str, value: Any) -> Pickle:
        pickled = dump(value, self._named.pop((part, item), {}))
        if pickled.named:
            self._named[part, item] = pickled.named
        return pickled

    def _unwritable(self, part: str, item: str, error: Exception) -> Unwritable:
        """Say once in the log that the item ends with the server: its caller heard of success."""
        if (part, item) not in self._complained:
            self._complained.add((part, item))
            _log.warning("%s is not kept: it ends with this server", _name(part, item))
            _log.info("why %s is not kept", _name(part, item), exc_info=error)
        return Unwritable(part, _writable(item), _why(error))


def _name(part: str, item: str) -> str:
    return _writable(f"{part} {item}".strip())


def _why(error: Exception) -> str:
    return _writable(f"{type(error).__name__}: {error}")


def _writable(text: str) -> str:
    """Neither sqlite nor a log takes half surrogates."""
    return text.encode(errors="backslashreplace").decode()
