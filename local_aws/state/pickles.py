"""Pickles of what moto keeps: with its backends by name, and large values for themselves.

A large value, the zip of a function say, is saved once and not again with each change around it.
Values are pickled in C; `reducers` helps with those that are not written so.
"""

import hashlib
import io
import pickle
import sys
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import cloudpickle
from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend

from local_aws.state.reducers import needs_cloudpickle, reduce

LARGE_BYTES = 64 * 1024

_LARGE = "large"
_BACKEND = "backend"


class UnreadableError(Exception):
    """The bytes are no pickle of this version."""


Large = bytes | str
# Large values under their ids, each with its name. Held here, no id can become another's.
Named = dict[int, tuple[Large, str]]


@dataclass(frozen=True)
class Pickle:
    """The pickle of a value, and the large values that it names."""

    data: bytes
    named: Named

    @property
    def large(self) -> dict[str, Large]:
        """The large values by name: the digest of their content."""
        return {name: value for value, name in self.named.values()}


def dump(value: Any, known: Named) -> Pickle:
    """Pickle the value; of a large one that is `known`, from the last time, no digest is made."""
    buffer = io.BytesIO()
    pickler = _Pickler(buffer, known)
    pickler.dump(value)
    return Pickle(buffer.getvalue(), pickler.named)


def load(data: bytes, find: Callable[[str], Large]) -> Any:
    """Return the value; `find` returns the large one of a name.

    Raises:
        UnreadableError: it is not one of this version.
    """
    try:
        return _Unpickler(io.BytesIO(data), find).load()
    except Exception as error:  # an unpickler raises whatever it comes upon
        raise UnreadableError(f"{type(error).__name__}: {error}") from error


class _Pickler(cloudpickle.Pickler):
    dispatch_table: ClassVar[dict[type, Any]] = {
        **cloudpickle.Pickler.dispatch_table,
        type(threading.Lock()): lambda _: (threading.Lock, ()),
        type(threading.RLock()): lambda _: (threading.RLock, ()),
        weakref.WeakValueDictionary: lambda kept: (weakref.WeakValueDictionary, (dict(kept),)),
    }

    def __init__(self, file: io.BytesIO, known: Named) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.named: Named = {}
        self._known = known

    def reducer_override(self, value: Any) -> Any:
        """Leave all to pickle, which is faster, but for what it cannot write."""
        if needs_cloudpickle(value):
            return super().reducer_override(value)
        return reduce(value) or NotImplemented

    def persistent_id(self, value: Any) -> tuple[Any, ...] | None:
        kind = type(value)
        if kind is bytes or kind is str:
            if len(value) < LARGE_BYTES:
                return None
            kept = self._known.get(id(value)) or (value, _digest(value))
            self.named[id(value)] = kept
            return _LARGE, kept[1]
        if isinstance(value, BaseBackend | AccountSpecificBackend | BackendDict):
            return _reference(value)
        return None


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, find: Callable[[str], Large]) -> None:
        super().__init__(file)
        self._find = find

    def persistent_load(self, reference: tuple[Any, ...]) -> Any:
        kind, what, *place = reference
        if kind == _LARGE:
            return self._find(what)
        found: Any = backends_of(what)
        for key in place:
            found = found[key]
        return found


def backends_of(kind: type[BaseBackend]) -> "BackendDict[Any]":
    """Return moto's store of backends of this class: it stands in the same module."""
    for value in vars(sys.modules[kind.__module__]).values():
        if isinstance(value, BackendDict) and value.backend is kind:
            return value
    raise LookupError(f"no backends of {kind}")


def _digest(value: Large) -> str:
    content = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
    return f"{type(value).__name__}-{hashlib.sha256(content).hexdigest()}"


def _reference(value: Any) -> tuple[Any, ...] | None:
    """The way to one of moto's backends; None for what only looks like one."""
    if isinstance(value, BackendDict):
        return _BACKEND, value.backend
    if isinstance(value, AccountSpecificBackend):
        return _BACKEND, value.backend, value.account_id
    place = type(value), getattr(value, "account_id", ""), getattr(value, "region_name", "")
    return (_BACKEND, *place) if _at(place) is value else None


def _at(place: tuple[type[BaseBackend], str, str]) -> BaseBackend | None:
    kind, account, region = place
    try:
        return backends_of(kind)[account].get(region)
    except LookupError:
        return None
