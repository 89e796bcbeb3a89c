"""What roles may do: every call that credentials of a role make is held against its policies.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html

The gateway asks for the calls that arrive; services ask for what they do on a role's behalf. Keys
that are no role's belong to the account's administrator, who may do everything.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.iam.exceptions import NotFoundException
from moto.iam.models import Role, iam_backends

from local_aws import arns
from local_aws.iam import bucket_policies, limits, past
from local_aws.iam.conditions import Keys
from local_aws.iam.policies import Decision, Effect, Request, Statement, decide, parse, statement
from local_aws.iam.record import AuthorizationRecord
from local_aws.iam.sessions import Administrator, Session
from local_aws.state.moto_services import unnoticed

# Kinds of policies, as the texts of errors name them.
_OF_ROLE = "identity-based policy"
_OF_RESOURCE = "resource-based policy"
_OF_SESSION = "session policy"
_BOUNDARY = "permissions boundary"
_SERVICE_CONTROL = "service control policy"

_log = logging.getLogger(__name__)
_record = AuthorizationRecord()


class AccessDeniedError(Exception):
    """The role is not allowed to do it; the text is AWS's, and names action and resource."""


class UnassumableRoleError(Exception):
    """There is no such role, or the service may not assume it."""


def install() -> None:
    """Serve the record of what roles did and were denied."""
    _record.install()


def check(session: Session, request: Request) -> None:
    """Let the role do it, and note that it did.

    Raises:
        AccessDeniedError: its policies do not allow it, or one of them denies it.
    """
    decision = _decision(session, request)
    if decision.allowed:
        _record.allowed(session.role_arn, request, decision.statement)
        return
    _record.denied(session.role_arn, request)
    message = _message(session, request, decision)
    _log.warning("denied: %s", message)
    raise AccessDeniedError(message)


def check_administrator(caller: Administrator, request: Request) -> None:
    """Let the account's administrator do whatever the organization lets the account do.

    https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html: "SCPs
    affect all users and roles in attached accounts, including the root user."

    Raises:
        AccessDeniedError: the service control policy does not allow it, or denies it.
    """
    keys = {**_global_keys(caller), **request.keys}
    decision = _controlled(replace(request, keys=keys), {})
    if decision is not None:
        message = _message(caller, request, decision)
        _log.warning("denied: %s", message)
        raise AccessDeniedError(message)


def allows(session: Session, action: str, resource: str = "*", keys: Keys | None = None) -> bool:
    """Tell whether the role may do it; noted as `check` notes it."""
    try:
        check(session, Request(action, resource, keys or {}))
    except AccessDeniedError:
        return False
    return True


def allows_all(session: Session, actions: Iterable[str], resource: str = "*") -> bool:
    """Tell whether the role may do all of it; each one that it lacks is logged."""
    return not [action for action in actions if not allows(session, action, resource)]


def check_assumable(role_arn: str, service: str, source_arn: str) -> None:
    """Find that the service may act with the role, for its resource `source_arn`.

    Raises:
        UnassumableRoleError: the role is not there, or its trust policy does not let the service.
    """
    role = find_role(role_arn)
    if role is None:
        raise UnassumableRoleError(role_arn)
    trust = parse(f"{role_arn}'s trust policy", role.assume_role_policy_document)
    request = Request("sts:AssumeRole", role_arn, _source_keys(source_arn), (service,))
    if not decide(trust, request).allowed:
        raise UnassumableRoleError(role_arn)


def lets_service(
    statements: Iterable[dict[str, Any]], action: str, resource: str, service: str, source_arn: str
) -> bool:
    """Tell whether a resource's policy lets the service act on it for its resource `source_arn`."""
    parsed = [statement(each, policy=resource) for each in statements]
    request = Request(action, resource, _source_keys(source_arn), (service,))
    return decide(parsed, request).allowed


@unnoticed
def find_role(arn: str) -> Role | None:
    """Return moto's role as services know it by now; None if they know of none."""
    role: Role | None = None
    with suppress(NotFoundException, ValueError):
        parts = arns.parse(arn)
        backend: Any = iam_backends[parts.account][parts.partition]
        role = backend.get_role_by_arn(arn)
    return past.in_effect(arn, role)


def _decision(session: Session, request: Request) -> Decision:
    """Any Deny wins; then what limits the role and what lets it have to allow the request.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
    """
    principals = (session.arn, session.role_arn, _root(session), session.account)
    owner = _owner(session, request)
    keys = {**_global_keys(session), "aws:resourceaccount": [owner], **request.keys}
    request = replace(request, keys=keys, principals=principals)
    of_resource = bucket_policies.statements_for(request, session.partition)
    limiting = _limiting(session)
    own = {_OF_RESOURCE: of_resource, _OF_ROLE: _role_policies(session.role_arn)}
    controlled = _controlled(request, {**own, **limiting})
    if controlled is not None:
        return controlled
    granted = _granted(session, request, owner, of_resource)
    # A bucket's policy that names the session itself is limited by nothing.
    if granted.allowed and not _names_session(session, request, of_resource):
        for kind, statements in limiting.items():
            if not decide(statements, request).allowed:
                return Decision(allowed=False, statement=None, kind=kind)
    return granted


def _controlled(request: Request, policies: Mapping[str, Iterable[Statement]]) -> Decision | None:
    """Return who denies it, or that the service control policy does not allow it; None otherwise.

    `policies` are those of the caller and of the resource, by their kind.
    """
    control = limits.service_control()
    controlling = {} if control is None else {_SERVICE_CONTROL: control}
    for kind, statements in {**controlling, **policies}.items():
        denying = decide((each for each in statements if each.effect is Effect.DENY), request)
        if denying.statement is not None:
            return replace(denying, kind=kind)
    if control is not None and not decide(control, request).allowed:
        return Decision(allowed=False, statement=None, kind=_SERVICE_CONTROL)
    return None


def _limiting(session: Session) -> dict[str, tuple[Statement, ...]]:
    """What takes from the role, and lets it have nothing, by the kind of policy."""
    role = find_role(session.role_arn)
    boundary = role.permissions_boundary_arn if role is not None else None
    return {
        **({_BOUNDARY: limits.statements(boundary, session)} if boundary else {}),
        **({_OF_SESSION: parse(_OF_SESSION, session.policy)} if session.policy else {}),
    }


def _granted(
    session: Session, request: Request, owner: str, of_resource: tuple[Statement, ...]
) -> Decision:
    """Decide by the policies that let: the role's own, and the bucket's."""
    decision = decide(_role_policies(session.role_arn), request)
    if owner != session.account and decision.allowed:
        # Another account's bucket has to allow it as well.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
        return decide(of_resource, request)
    if owner == session.account and not decision.allowed:
        # Within an account it is enough that one of the two, role or bucket, allows it. Whom a
        # bucket trusts as the account is whom the account's own policies let.
        return decide(of_resource, replace(request, principals=(session.arn, session.role_arn)))
    return decision


def _names_session(session: Session, request: Request, of_resource: tuple[Statement, ...]) -> bool:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html#access_policies_boundaries-eval-logic"""
    named = (each for each in of_resource if each.principal not in ("*", {"AWS": "*"}))
    return decide(named, replace(request, principals=(session.arn,))).allowed


def _owner(session: Session, request: Request) -> str:
    """Return the account that owns what the request is about: only buckets have no account."""
    bucket = bucket_policies.bucket_of(request)
    return (bucket and bucket_policies.owner_of(bucket)) or session.account


def _role_policies(role_arn: str) -> Iterator[Statement]:
    role = find_role(role_arn)
    if role is None:
        return
    for name, document in list(role.policies.items()):
        yield from parse(name, document)
    for policy in list(role.managed_policies.values()):
        yield from limits.managed(policy)


def _global_keys(session: Session | Administrator) -> dict[str, list[str]]:
    """What AWS knows of every call.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    return {
        "aws:principalarn": [session.principal_arn],
        "aws:principalaccount": [session.account],
        "aws:principaltype": [session.principal_type],
        "aws:principalisawsservice": ["false"],
        "aws:viaawsservice": ["false"],
        # The embedded AWS speaks HTTP, and only on loopback, which nobody else can listen to. A
        # policy that asks for TLS asks for that, and holds of the same code on AWS.
        "aws:securetransport": ["true"],
        "s3:tlsversion": ["1.3"],
    }


def _source_keys(source_arn: str) -> dict[str, list[str]]:
    """Whom a service acts for. A bucket's ARN has no account: this one is the only one."""
    return {
        "aws:sourcearn": [source_arn],
        "aws:sourceaccount": [arns.parse(source_arn).account or DEFAULT_ACCOUNT_ID],
        "aws:securetransport": ["true"],
    }


def _message(session: Session | Administrator, request: Request, decision: Decision) -> str:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html"""
    # S3 alone puts the resource in quotes.
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
    quote = '"' if request.action.startswith("s3:") else ""
    if decision.statement is None:
        why = f"because no {decision.kind} allows the {request.action} action"
    else:
        article = "an" if decision.kind == _OF_ROLE else "a"
        why = f"with an explicit deny in {article} {decision.kind}"
    return (
        f"User: {session.arn} is not authorized to perform: {request.action} "
        f"on resource: {quote}{request.resource}{quote} {why}"
    )


def _root(session: Session) -> str:
    return f"arn:{session.partition}:iam::{session.account}:root"
