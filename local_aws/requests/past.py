"""What a thing was and when: for answers as of some seconds ago, and for what takes effect later.

It is not kept when the server ends: for the next one everything has been as it is.
"""

import threading
import time
from bisect import bisect_right
from collections.abc import Hashable, Mapping
from typing import Generic, NamedTuple, TypeVar

from local_aws.requests.eventual import LONGEST_SECONDS

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class _Change(NamedTuple, Generic[Value]):
    """What a thing became: None if it went. Seconds since 1970."""

    at: float
    in_effect: float
    value: Value | None


class Past(Generic[Key, Value]):
    """The changes of the last hour. Values are never changed once they are noted."""

    def __init__(self) -> None:
        self._changes: dict[Key, list[_Change[Value]]] = {}
        self._lock = threading.Lock()

    def note(
        self, key: Key, before: Value | None, after: Value | None, *, late: float = 0.0
    ) -> None:
        """Note what the thing has just become, which takes effect `late` seconds from now.

        `before` is what it was, for the first change that is noted of it; None for nothing.
        """
        with self._lock:
            now = time.time()
            changes = self._changes.setdefault(key, [_Change(0.0, 0.0, before)])
            changes.append(_Change(now, now + late, after))
            del changes[: max(0, _last(changes, now - 2 * LONGEST_SECONDS))]

    def as_of(self, key: Key, seconds: float, current: Value | None) -> Value | None:
        """Return what the thing was so many seconds ago; `current` if it was not changed since."""
        moment = time.time() - seconds
        with self._lock:
            changes = self._changes.get(key)
            if not changes or changes[-1].at <= moment:
                return current
            return changes[_last(changes, moment)].value

    def all_as_of(self, seconds: float, current: Mapping[Key, Value]) -> list[Value]:
        """Return each thing as it was so many seconds ago, without those that were not there."""
        keys = dict.fromkeys([*current, *list(self._changes)])
        found = [self.as_of(key, seconds, current.get(key)) for key in keys]
        return [each for each in found if each is not None]

    def in_effect(self, key: Key, current: Value | None) -> Value | None:
        """Return what of the thing has taken effect by now; `current` if all of it has."""
        now = time.time()
        with self._lock:
            changes = self._changes.get(key)
            if not changes or changes[-1].in_effect <= now:
                return current
            return next(change.value for change in changes[::-1] if change.in_effect <= now)


def _last(changes: list[_Change[Value]], moment: float) -> int:
    """Return the index of the last change until then; 0 if there is none."""
    return max(0, bisect_right([change.at for change in changes], moment) - 1)
