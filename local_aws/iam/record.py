"""Which rights each role used and which it lacked, at a route that no AWS has, beside moto's own.

    curl -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" $AWS_ENDPOINT_URL/moto-api/authorizations

DELETE forgets all of it. It is in memory only, and keeps what was used last.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from local_aws.iam.policies import Request, Statement
from local_aws.requests.routes import Answer, add_route, as_json

ROUTE = "/moto-api/authorizations"
_LIMIT = 10_000


@dataclass
class _Entry:
    role: str
    action: str
    resource: str
    calls: int = 0
    policy: str | None = None
    statement: int | None = None

    def describe(self) -> dict[str, Any]:
        told = {"action": self.action, "resource": self.resource, "calls": self.calls}
        if self.policy is not None:
            told |= {"policy": self.policy, "statement": self.statement}
        return told


class AuthorizationRecord:
    """What was allowed, by which statement, and what was denied."""

    def __init__(self) -> None:
        self._used: OrderedDict[tuple[str, str, str], _Entry] = OrderedDict()
        self._denied: OrderedDict[tuple[str, str, str], _Entry] = OrderedDict()
        self._lock = threading.Lock()

    def install(self) -> None:
        """Serve the route."""
        add_route(ROUTE, self._answer)

    def allowed(self, role: str, request: Request, statement: Statement | None) -> None:
        """Note a right that the role used, and the statement that gave it."""
        with self._lock:
            entry = _count(self._used, role, request)
            if statement is not None:
                entry.policy, entry.statement = statement.policy, statement.number

    def denied(self, role: str, request: Request) -> None:
        """Note a right that the role did not have."""
        with self._lock:
            _count(self._denied, role, request)

    def describe(self) -> dict[str, Any]:
        """Return {role ARN: {"used": [...], "denied": [...]}}."""
        told: dict[str, Any] = {}
        with self._lock:
            for kind, entries in (("used", self._used), ("denied", self._denied)):
                for entry in entries.values():
                    role = told.setdefault(entry.role, {"used": [], "denied": []})
                    role[kind].append(entry.describe())
        return told

    def _answer(self, request: Any) -> Answer:
        if request.method == "DELETE":
            with self._lock:
                self._used.clear()
                self._denied.clear()
        return as_json(self.describe())


def _count(
    entries: OrderedDict[tuple[str, str, str], _Entry], role: str, request: Request
) -> _Entry:
    key = (role, request.action, request.resource)
    entry = entries.setdefault(key, _Entry(*key))
    entry.calls += 1
    entries.move_to_end(key)
    if len(entries) > _LIMIT:
        entries.popitem(last=False)
    return entry
