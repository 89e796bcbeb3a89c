"""The role of a rule's target: who may assume it, and what EventBridge sends with its rights.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html
"""

import secrets
from functools import cache
from typing import Any

from moto.events.exceptions import ValidationException

from local_aws.arns import service_of
from local_aws.iam import sessions
from local_aws.iam.authorization import UnassumableRoleError, check, check_assumable
from local_aws.iam.policies import Request
from local_aws.iam.sessions import Session

_PRINCIPAL = "events.amazonaws.com"
# What is sent to other targets is held to their own policies.
_SENDING = {"states": "states:StartExecution", "events": "events:PutEvents"}


def check_role(target: dict[str, Any], rule_arn: str) -> None:
    """Refuse a target's role that EventBridge may not assume for the rule.

    Raises ValidationException.
    """
    role = target.get("RoleArn")
    if not role:
        return
    try:
        check_assumable(role, _PRINCIPAL, rule_arn)
    except UnassumableRoleError as error:
        raise ValidationException(
            f"Provided role '{role}' cannot be assumed by principal '{_PRINCIPAL}'."
        ) from error


def check_may_send(target: dict[str, Any]) -> None:
    """Let the target's role send to it.

    Raises AccessDeniedError.
    """
    action = _SENDING.get(service_of(target["Arn"]))
    if action is not None and target.get("RoleArn"):
        check(_session(target["RoleArn"]), Request(action, target["Arn"]))


@cache
def _session(role_arn: str) -> Session:
    return sessions.issue(role_arn, secrets.token_hex(16))
