"""What limits a caller, whatever lets it: permissions boundaries and a service control policy.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html

The organization, whose account manages the policy, is none that is embedded here: the policy is
given to the server, and holds as long as it runs.
"""

import json
from pathlib import Path
from typing import Any

from moto.iam.exceptions import NotFoundException
from moto.iam.models import IAMBackend, Role, iam_backends

from local_aws.context import ServiceControlError
from local_aws.iam.policies import Effect, Statement, parse, statement
from local_aws.iam.sessions import Session
from local_aws.wrapping import Original, wrap

_service_control: list[tuple[Statement, ...]] = []


def install(service_control: tuple[Statement, ...] | None) -> None:
    """Hold calls to the service control policy, if there is one.

    IAM refuses a boundary that is not there; moto looks at the form of its ARN only.
    """
    _service_control.extend([service_control] if service_control is not None else [])
    wrap(Role, "__init__", _init)
    wrap(IAMBackend, "put_role_permissions_boundary", _put)


def read_service_control(path: Path) -> tuple[Statement, ...]:
    """Return the statements of a service control policy, which AWS allows to have no principals.

    Raises:
        ServiceControlError: the file cannot be read, is no policy, or lets nobody do anything.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["Statement"]
        listed = found if isinstance(found, list) else [found]
        parsed = [statement(each, policy=str(path), number=n) for n, each in enumerate(listed)]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ServiceControlError(
            f"{path}: no service control policy: {error!r}; expected JSON with Version and "
            "Statement, as AWS Organizations takes it"
        ) from error
    if not any(each.effect is Effect.ALLOW for each in parsed):
        raise ServiceControlError(
            f"{path}: allows nothing, so every call would be refused; expected the statement of "
            "FullAWSAccess in it too: Allow, Action *, Resource *"
        )
    return tuple(parsed)


def service_control() -> tuple[Statement, ...] | None:
    """Return the statements of the service control policy; None if there is none."""
    return _service_control[0] if _service_control else None


def role_named(name: str, account: str, partition: str) -> Role | None:
    """Return moto's role of that name; None if there is none."""
    roles = list(iam_backends[account][partition].roles.values())
    return next((role for role in roles if role.name == name), None)


def statements(arn: str, session: Session) -> tuple[Statement, ...]:
    """Return the statements of the boundary; none, which allow nothing, where it is gone."""
    found = _find(iam_backends[session.account][session.partition], arn)
    return found if found is not None else ()


def managed(policy: Any) -> tuple[Statement, ...]:
    """Return the statements of the default version of moto's managed policy."""
    document = next(each for each in policy.versions if each.is_default).document
    text = document if isinstance(document, str) else json.dumps(document)
    return parse(policy.arn, text)


def _find(backend: IAMBackend, arn: str) -> tuple[Statement, ...] | None:
    """Return the statements of a managed policy, the account's or AWS's own; None if none is."""
    try:
        return managed(backend.get_policy(arn))
    except NotFoundException:
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
