"""IAM policies: what a document allows and denies, evaluated as AWS does.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html

moto's own evaluation (moto/iam/access_control.py) lets Conditions pass unread, knows no
NotResource and reads a document anew for every call.
"""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Any

from local_aws.iam.conditions import Keys, UnsupportedConditionError, matches, met

_log = logging.getLogger(__name__)


class Effect(Enum):
    """What a statement says of a request that it is about."""

    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True)
class Request:
    """One thing that somebody wants to do: an action on a resource, and what more is known.

    `principals` are the names by which a policy of a resource may mean the caller: ARNs, or the
    name of a service.
    """

    action: str
    resource: str
    keys: Keys = field(default_factory=dict)
    principals: tuple[str, ...] = ()


@dataclass(frozen=True)
class Statement:
    """A statement of the policy `policy`, its `number`-th; patterns are as in the document."""

    policy: str
    number: int
    effect: Effect
    actions: tuple[str, ...]
    not_actions: tuple[str, ...]
    resources: tuple[str, ...]
    not_resources: tuple[str, ...]
    condition: Mapping[str, Any]
    principal: Any
    not_principal: Any

    def applies(self, request: Request) -> bool:
        """Tell whether the statement is about the request."""
        return (
            self._names_action(request.action.lower())
            and self._names_resource(request.resource)
            and self._names_principal(request.principals)
            and self._condition_met(request.keys)
        )

    def _names_action(self, action: str) -> bool:
        if self.not_actions:
            return not any(matches(pattern, action) for pattern in self.not_actions)
        return any(matches(pattern, action) for pattern in self.actions)

    def _names_resource(self, resource: str) -> bool:
        if self.not_resources:
            return not any(matches(pattern, resource) for pattern in self.not_resources)
        # A role's trust policy has no resource: it is about the role.
        return not self.resources or any(matches(pattern, resource) for pattern in self.resources)

    def _names_principal(self, callers: tuple[str, ...]) -> bool:
        """An identity's own policy names nobody."""
        if self.not_principal is not None:
            return not _is_one_of(callers, self.not_principal)
        return self.principal is None or _is_one_of(callers, self.principal)

    def _condition_met(self, keys: Keys) -> bool:
        """A condition that cannot be evaluated allows nothing, and keeps nothing from a Deny."""
        try:
            return met(self.condition, keys)
        except UnsupportedConditionError as error:
            _log.warning("%s: the operator %s is not evaluated here", self.policy, error)
            return self.effect is Effect.DENY


@dataclass(frozen=True)
class Decision:
    """Whether a request is allowed, and the statement that says so; None if there is none.

    `kind` is that of the policies that were asked, as the texts of errors name it.
    """

    allowed: bool
    statement: Statement | None
    kind: str = "identity-based policy"


def decide(statements: Iterable[Statement], request: Request) -> Decision:
    """A Deny wins over every Allow; what nobody allows is not allowed."""
    allowing = None
    for statement in statements:
        if allowing is not None and statement.effect is Effect.ALLOW:
            continue
        if not statement.applies(request):
            continue
        if statement.effect is Effect.DENY:
            return Decision(allowed=False, statement=statement)
        allowing = statement
    return Decision(allowed=allowing is not None, statement=allowing)


@lru_cache(maxsize=1024)
def parse(name: str, document: str) -> tuple[Statement, ...]:
    """Return the statements of a document; none, with a warning, of one that is no policy."""
    try:
        found = json.loads(document).get("Statement", [])
        return tuple(
            statement(each, policy=name, number=number)
            for number, each in enumerate(found if isinstance(found, list) else [found])
        )
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        _log.warning("%s is no policy: %s", name, error)
        return ()


def statement(document: Mapping[str, Any], *, policy: str, number: int = 0) -> Statement:
    """Return a statement that is JSON already; raises KeyError and ValueError for none."""
    return Statement(
        policy=policy,
        number=number,
        effect=Effect(document["Effect"]),
        actions=_lowered(document.get("Action")),
        not_actions=_lowered(document.get("NotAction")),
        resources=_texts(document.get("Resource")),
        not_resources=_texts(document.get("NotResource")),
        condition=document.get("Condition") or {},
        principal=document.get("Principal"),
        not_principal=document.get("NotPrincipal"),
    )


def _is_one_of(callers: tuple[str, ...], principal: Any) -> bool:
    if principal == "*":
        return True
    named = [name for names in principal.values() for name in _texts(names)]
    return "*" in named or not set(named).isdisjoint(callers)


def _texts(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (str(value),)


def _lowered(value: Any) -> tuple[str, ...]:
    return tuple(text.lower() for text in _texts(value))
