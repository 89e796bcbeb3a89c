"""Permissions boundaries: managed policies that limit a role, whatever its own policies let it do.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

import json
from contextlib import suppress
from typing import Any

from moto.iam.exceptions import NotFoundException
from moto.iam.models import IAMBackend, Role, iam_backends

from local_aws.iam.policies import Statement, parse
from local_aws.iam.sessions import Session
from local_aws.wrapping import Original, wrap


def install() -> None:
    """Have IAM refuse a boundary that is not there; moto looks at the form of its ARN only."""
    wrap(Role, "__init__", _init)
    wrap(IAMBackend, "put_role_permissions_boundary", _put)


def statements(arn: str, session: Session) -> tuple[Statement, ...]:
    """Return the statements of the boundary; none, which allow nothing, where it is gone."""
    policy = _find(iam_backends[session.account][session.partition], arn)
    return managed(policy) if policy is not None else ()


def managed(policy: Any) -> tuple[Statement, ...]:
    """Return the statements of the default version of moto's managed policy."""
    document = next(each for each in policy.versions if each.is_default).document
    text = document if isinstance(document, str) else json.dumps(document)
    return parse(policy.arn, text)


def _find(backend: IAMBackend, arn: str) -> Any:
    with suppress(NotFoundException):
        return backend.get_policy(arn)
    return None


def _init(original: Original, self: Role, **options: Any) -> None:
    backend = iam_backends[options["account_id"]][options["partition"]]
    _check(backend, options["permissions_boundary"])
    original(self, **options)


def _put(original: Original, self: IAMBackend, role_name: str, permissions_boundary: str) -> None:
    _check(self, permissions_boundary)
    original(self, role_name, permissions_boundary)


def _check(backend: IAMBackend, arn: str | None) -> None:
    """AWS's words as people report them; no page of AWS's has them."""
    if arn and backend.policy_arn_regex.match(arn) and _find(backend, arn) is None:
        raise NotFoundException(f"Scope ARN: {arn} does not exist or is not attachable.")
