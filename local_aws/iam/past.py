"""Roles as they were: what IAM may still answer with, and what services still go by.

IAM is eventually consistent. A change is answered, and can be read, before it has taken effect
everywhere. https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html
"""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

from moto.iam.exceptions import NotFoundException
from moto.iam.models import IAMBackend, Role

from local_aws.requests import eventual
from local_aws.requests.past import Past
from local_aws.wrapping import Original, wrap

_CHANGES = (
    "attach_role_policy",
    "create_role",
    "delete_role",
    "delete_role_permissions_boundary",
    "delete_role_policy",
    "detach_role_policy",
    "put_role_permissions_boundary",
    "put_role_policy",
    "update_assume_role_policy",
)

_roles: Past[str, Role] = Past()  # by ARN


def install() -> None:
    """Note each change of a role, and read roles as of before where a fault says so."""
    for change in _CHANGES:
        parameters = inspect.signature(getattr(IAMBackend, change))
        wrap(IAMBackend, change, partial(_change, parameters.bind))
    wrap(IAMBackend, "get_role", _get_role)


def in_effect(arn: str, role: Role | None) -> Role | None:
    """Return the role as services know it by now; None for one that they do not know.

    `role` is what IAM has.
    """
    return _roles.in_effect(arn, role)


def _change(bind: Callable[..., Any], original: Original, *given: Any, **named: Any) -> Any:
    backend, name = given[0], bind(*given, **named).arguments["role_name"]
    before = _find(backend, name)
    answer = original(*given, **named)
    after = _find(backend, name)
    changed: Any = after or before
    _roles.note(changed.arn, before, after, late=eventual.seconds("propagation"))
    return answer


def _get_role(original: Original, backend: IAMBackend, role_name: str) -> Role:
    if not (ago := eventual.seconds("stale")):
        role: Role = original(backend, role_name)
        return role
    current = {role.arn: role for role in list(backend.get_roles())}
    for known in _roles.all_as_of(ago, current):
        if known.name == role_name and known.account_id == backend.account_id:
            return known
    raise NotFoundException(f"Role {role_name} not found")


def _find(backend: IAMBackend, name: str) -> Role | None:
    """Return the role with the attributes that it has now."""
    role = next((each for each in list(backend.get_roles()) if each.name == name), None)
    if role is None:
        return None
    copied: Any = object.__new__(type(role))
    dictionaries = {"policies": dict(role.policies), "managed_policies": {**role.managed_policies}}
    vars(copied).update(vars(role) | dictionaries)
    found: Role = copied
    return found
