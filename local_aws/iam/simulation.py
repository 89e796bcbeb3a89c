"""IAM's policy simulator, which moto lacks: what the policies of a user or a role allow.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html

A statement with conditions decides nothing here, whatever ContextEntries say: its keys are among
the MissingContextValues. Boundaries and service control policies are no part of it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.access_control import (
    AssumedRoleAccessKey,
    IAMPolicy,
    IAMPolicyStatement,
    IAMUserAccessKey,
    PermissionResult,
)
from moto.iam.exceptions import NoSuchEntity
from moto.iam.models import IAMBackend
from moto.iam.responses import IamResponse

from local_aws.wrapping import replace

# Whom moto takes a caller for whose access key IAM does not know: nothing is refused to them.
ANYBODY = "user/moto"

Statement = dict[str, Any]


def install() -> None:
    """Add the operation to moto's."""
    replace(IamResponse, simulate_principal_policy=_simulate_principal_policy)


def evaluate(statements: Iterable[Statement], action: str, resource: str) -> dict[str, Any]:
    """Decide as IAM does: what is denied is denied, and what nothing allows is not allowed."""
    found: set[PermissionResult] = set()
    missing: set[str] = set()
    for statement in statements:
        unconditional = {key: value for key, value in statement.items() if key != "Condition"}
        result = IAMPolicyStatement(unconditional).is_action_permitted(action, resource)
        if result is PermissionResult.NEUTRAL:
            continue
        if conditions := statement.get("Condition"):
            missing |= {key for keys in conditions.values() for key in keys}
        else:
            found.add(result)
    return {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": _decision(found),
        "MatchedStatements": [],
        "MissingContextValues": sorted(missing),
    }


def _decision(found: set[PermissionResult]) -> str:
    if PermissionResult.DENIED in found:
        return "explicitDeny"
    return "allowed" if PermissionResult.PERMITTED in found else "implicitDeny"


def _simulate_principal_policy(self: IamResponse) -> ActionResult:
    statements = list(_statements(self.backend, self._get_param("PolicySourceArn")))
    results = [
        evaluate(statements, action, resource)
        for action in self._get_param("ActionNames", [])
        for resource in self._get_param("ResourceArns", None) or ["*"]
    ]
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def _statements(backend: IAMBackend, arn: str) -> Iterator[Statement]:
    """What the policies of a user, with those of its groups, or of a role say."""
    if arn.endswith(f":{ANYBODY}"):
        yield {"Effect": "Allow", "Action": "*", "Resource": "*"}
        return
    for policy in _collected(backend, arn):
        found: Any = IAMPolicy(policy)._policy_json["Statement"]
        yield from found if isinstance(found, list) else [found]


def _collected(backend: IAMBackend, arn: str) -> list[Any]:
    """moto collects policies for the holder of a key; here there is a holder and no key."""
    name = arn.rsplit("/", 1)[-1]
    holder: Any
    if ":user/" in arn:
        backend.get_user(name)
        holder = IAMUserAccessKey.__new__(IAMUserAccessKey)
        holder._owner_user_name = name
    elif ":role/" in arn:
        backend.get_role_by_arn(arn)
        holder = AssumedRoleAccessKey.__new__(AssumedRoleAccessKey)
        holder._owner_role_name = name
    else:
        raise NoSuchEntity(f"{arn} is no user and no role.")
    holder.account_id, holder.partition = backend.account_id, backend.partition
    policies: list[Any] = holder.collect_policies()
    return policies
