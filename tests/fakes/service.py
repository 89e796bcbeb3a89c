"""What all fake services share: requests and responses held against botocore's models."""

import functools
import threading
from collections.abc import Callable
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.paginate import Paginator, PaginatorModel
from botocore.validate import ParamValidator

Operation = Callable[..., dict[str, Any]]


def operation(method: Operation) -> Operation:
    """Make a fake's method an operation of its service: recorded, refused on request, checked."""

    @functools.wraps(method)
    def call(self: "FakeService", **request: Any) -> dict[str, Any]:
        model = self.operation_model(method.__name__)
        check_shape(request, model.input_shape)
        self.let_others_in(model.name)
        self.calls.append((model.name, request))
        self.refuse_if_told(model.name)
        response = method(self, **request)
        check_shape(response, model.output_shape)
        return response

    return call


def check_shape(value: dict[str, Any], shape: Any) -> None:
    """Hold ``value`` against a shape: required members, types, lengths, and enumerations."""
    if shape is None:  # operations that answer with nothing have no output shape
        assert not value, f"found {value}, expected nothing"
        return
    problems = ParamValidator().validate(value, shape)
    assert not problems.has_errors(), problems.generate_report()
    for name, member in value.items():
        allowed = getattr(shape.members[name], "enum", None)
        assert not allowed or member in allowed, f"{name}: found {member!r}, expected {allowed}"


def client_error(code: str, operation_name: str, message: str = "", status: int = 400) -> Exception:
    """Return the error that boto3 raises for a refused call."""
    metadata = {"HTTPStatusCode": status}
    error = {"Code": code, "Message": message or code}
    return ClientError({"Error": error, "ResponseMetadata": metadata}, operation_name)


class Others:
    """What others do between a caller's decision to call and the call itself, once each.

    They are one at a time: a call that another thread makes meanwhile goes on without them.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, list[Callable[[], object]]] = {}
        self._busy = threading.RLock()

    def just_before(self, operation_name: str, action: Callable[[], object]) -> None:
        """Let somebody act before the next call of that operation."""
        self._waiting.setdefault(operation_name, []).append(action)

    def let_in(self, operation_name: str) -> None:
        """Run the next action that waits for the operation, if any."""
        if not self._busy.acquire(blocking=False):
            return
        try:
            if waiting := self._waiting.get(operation_name):
                waiting.pop(0)()
        finally:
            self._busy.release()


class FakeService:
    """One AWS service. ``calls`` holds (operation, request) of every call so far."""

    service: str
    page_size = 2  # small, so that every listing in a test has several pages

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self._refusals: dict[str, Exception] = {}
        self._left: dict[str, int] = {}  # refusals of an operation that are not for ever
        self._others = Others()

    def refuse(self, operation_name: str, code: str, status: int) -> None:
        """Refuse every call of that operation from now on."""
        self._refusals[operation_name] = client_error(code, operation_name, status=status)

    def refuse_times(self, operation_name: str, code: str, status: int, times: int) -> None:
        """Refuse that many calls of that operation."""
        self.refuse(operation_name, code, status)
        self._left[operation_name] = times

    def accept(self, operation_name: str) -> None:
        """Take ``refuse`` back."""
        self._refusals.pop(operation_name, None)

    def just_before(self, operation_name: str, action: Callable[[], object]) -> None:
        """Let somebody else act once, between a caller's decision to call and the call itself."""
        self._others.just_before(operation_name, action)

    def let_others_in(self, operation_name: str) -> None:
        """Run the next action that ``just_before`` arranged, if any."""
        self._others.let_in(operation_name)

    def refuse_if_told(self, operation_name: str) -> None:
        """Raise the error that ``refuse`` arranged, if any."""
        if operation_name not in self._refusals:
            return
        left = self._left.get(operation_name)
        if left == 0:
            self._left.pop(operation_name)
            self.accept(operation_name)
            return
        if left is not None:
            self._left[operation_name] = left - 1
        raise self._refusals[operation_name]

    def called(self, operation_name: str) -> list[dict[str, Any]]:
        """Return the requests of all calls of that operation."""
        return [request for name, request in self.calls if name == operation_name]

    def operation_model(self, method_name: str) -> Any:
        """Return botocore's model of the operation behind a client method."""
        return operations(self.service)[method_name]

    def get_paginator(self, method_name: str) -> Paginator:
        """Return botocore's own paginator over the fake's method."""
        config = paginators(self.service).get_paginator(self.operation_model(method_name).name)
        return Paginator(getattr(self, method_name), config, self.operation_model(method_name))


@functools.cache
def operations(service: str) -> dict[str, Any]:
    """Return botocore's models of a service's operations by client method name."""
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
    return {xform_name(name): model.operation_model(name) for name in model.operation_names}


@functools.cache
def paginators(service: str) -> PaginatorModel:
    """Return botocore's pagination rules of a service."""
    return PaginatorModel(Loader().load_service_model(service, "paginators-1"))


def page(items: list[Any], start: int, size: int) -> tuple[list[Any], int | None]:
    """Return one page of ``items`` and where the next one starts, None after the last."""
    end = start + size
    return items[start:end], end if end < len(items) else None
