"""moto's services as parts of the state: each one whole, all of its accounts and regions.

Whatever moto knows of a service hangs on its backends. Which services a request changes is not to
be seen from the request, a stack creates functions, roles and queues, but whoever works on a
backend gets it from its BackendDict: there we see it.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from moto.core.base_backend import AccountSpecificBackend, BackendDict, BaseBackend
from moto.iam import models as iam_models

from local_aws.state.pickles import backends_of
from local_aws.state.state import State
from local_aws.wrapping import Original, wrap

PART = "moto"
# Kept in smaller pieces by others: whole services, and attributes of backends.
_NOT_HERE = {"s3"}
_ATTRIBUTES_NOT_HERE = {"sagemaker": {"training_jobs", "processing_jobs"}}

# (backend class, account, region) and the attributes of the backend
Saved = dict[tuple[type, str, str], dict[str, Any]]

_request = threading.local()


def install(state: State) -> None:
    """Keep every service, and note in each request which ones it works on."""
    state.keep(PART, _get, _put)
    wrap(AccountSpecificBackend, "__getitem__", _noted_get)
    # moto asks IAM at each request whose access key it is.
    for name in ("get_account_id_from", "mark_account_as_visited"):
        setattr(iam_models, name, unnoticed(getattr(iam_models, name)))


@contextmanager
def changes(state: State) -> Iterator[None]:
    """Mark what is touched in this thread while the block runs, at its end."""
    touched: dict[tuple[str, str], None] = {}
    _request.touched = touched
    try:
        yield
    finally:
        _request.touched = None
        for part, item in touched:
            state.changed(part, item)


def touch(part: str, item: str) -> bool:
    """Have the item marked at the end of this thread's request; return False if it has none."""
    touched: dict[tuple[str, str], None] | None = getattr(_request, "touched", None)
    if touched is None:
        return False
    touched[part, item] = None
    return True


def unnoticed(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, whose looking at backends marks nothing as changed."""

    def call(*arguments: Any, **options: Any) -> Any:
        touched, _request.touched = getattr(_request, "touched", None), None
        try:
            return function(*arguments, **options)
        finally:
            _request.touched = touched

    return call


def _noted_get(original: Original, self: AccountSpecificBackend[Any], region: str) -> Any:
    backend = original(self, region)
    if getattr(_request, "touched", None) is not None:
        _touch_service(self.service_name)
        for held in list(vars(backend).values()):
            if isinstance(held, BaseBackend):  # SESv2 writes what it is told into SES
                kind: Any = type(held)
                _touch_service(_service_of(kind))
    return backend


def _touch_service(name: str) -> None:
    if name and name not in _NOT_HERE:
        touch(PART, name)


@cache
def _service_of(kind: type[BaseBackend]) -> str:
    """The service of a class of backends; "" for one that only looks like one."""
    try:
        return backends_of(kind).service_name
    except LookupError:
        return ""


def _get(service: str) -> Saved | None:
    apart = _ATTRIBUTES_NOT_HERE.get(service, set())
    saved = {
        (type(backend), account, region): {
            name: value for name, value in vars(backend).items() if name not in apart
        }
        for backends in _all_backends()
        if backends.service_name == service
        for account, regions in list(backends.items())
        for region, backend in list(regions.items())
    }
    return saved or None


def _all_backends() -> "list[BackendDict[Any]]":
    moto: Any = BackendDict
    return list(moto._instances)


def _put(_service: str, saved: Saved) -> None:
    """All of the service, or nothing: the backends that a version lacks are missed first."""
    found = [
        (backends_of(kind)[account][region], attributes)
        for (kind, account, region), attributes in saved.items()
    ]
    for backend, attributes in found:
        vars(backend).update(attributes)
