"""What was accepted and is not done with: kept with the state, so that kill -9 loses none of it.

Every event that AWS takes is handled at least once. So an event is marked before the request that
caused it is answered, and forgotten only when what was done for it is on disk.
"""

import itertools
import sqlite3
import time
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from local_aws.state.state import State

Item = TypeVar("Item")


class Accepted(Generic[Item]):
    """Items under keys that sort by when they came; an item pickles, and is never changed in place.

    `resume(key, item)` is called for each item that an earlier server left, in their order.
    """

    def __init__(self, state: State, part: str, resume: Callable[[str, Item], None]) -> None:
        self._state = state
        self._part = part
        self._resume = resume
        self._items: dict[str, Item] = {}
        self._restored: list[str] = []
        self._order = itertools.count()
        state.keep(part, self._items.get, self._restore)
        state.after_restore(self._resume_restored)

    def add(self, item: Item) -> str:
        """Keep the item; return its key."""
        key = f"{time.time_ns():020d}-{next(self._order)}"
        self.replace(key, item)
        return key

    def replace(self, key: str, item: Item) -> None:
        """Keep the item in the place of the one under this key."""
        self._items[key] = item
        self._state.changed(self._part, key)

    def settle(self, keys: Iterable[str]) -> None:
        """Forget what is done, once everything that was done for it is on disk.

        One commit with both would not do: it may hold the end of an item without what the item
        caused, if that was changed while the commit was made.
        """
        if saved(self._state):
            for key in keys:
                del self._items[key]
                self._state.changed(self._part, key)

    def _restore(self, key: str, item: Item) -> None:
        self._items[key] = item
        self._restored.append(key)

    def _resume_restored(self) -> None:
        for key in self._restored:
            self._resume(key, self._items[key])
        self._restored.clear()


def saved(state: State) -> bool:
    """Wait until all that was marked is on disk; return whether it is. If not, the state logs why.

    What is not forgotten then comes once more after a restart.
    """
    try:
        state.save()
    except (OSError, sqlite3.Error):
        return False
    return True
