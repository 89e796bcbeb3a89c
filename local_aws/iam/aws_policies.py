"""The policies that AWS manages: they are there, can be attached, and hold like any other.

What this restores of AWS's behaviour, where moto 5.2 differs:

- Each of AWS's policies that moto has can be attached, read and listed. moto makes all of them for
  every account if it is told so, and they are saved with it; here one is made when it is asked for.
- They cannot be changed or deleted, as they are not the account's.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

import base64
import copy
import hashlib
import json
from functools import cache
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.exceptions import IAMException
from moto.iam.models import AWSManagedPolicy, IAMBackend

from local_aws.wrapping import Original, wrap

_ASKING = ("attach_role_policy", "attach_group_policy", "attach_user_policy", "get_policy")
_CHANGING = (
    "create_policy_version",
    "delete_policy",
    "delete_policy_version",
    "set_default_policy_version",
    "tag_policy",
    "untag_policy",
)


class OutsideOfAccountError(IAMException):
    """The policy is AWS's own. The words are AWS's as people report them."""

    code = "AccessDenied"

    def __init__(self) -> None:
        super().__init__("Policy is outside your own account.")


def install() -> None:
    """Have AWS's policies where moto looks for the account's."""
    for name in _ASKING:
        wrap(IAMBackend, name, _asking)
    for name in _CHANGING:
        wrap(IAMBackend, name, _changing)
    wrap(IAMBackend, "list_policies", _list)


def _asking(original: Original, backend: IAMBackend, policy_arn: str, *given: Any) -> Any:
    if policy_arn not in backend.managed_policies and _is_of_aws(policy_arn):
        name = policy_arn.rpartition("/")[2]
        made = _made(backend, name)
        if made is not None and made.arn == policy_arn:
            backend.managed_policies.setdefault(policy_arn, made)
    return original(backend, policy_arn, *given)


def _changing(
    original: Original, backend: IAMBackend, policy_arn: str, *given: Any, **named: Any
) -> Any:
    if _is_of_aws(policy_arn):
        raise OutsideOfAccountError
    return original(backend, policy_arn, *given, **named)


def _list(original: Original, backend: IAMBackend, *given: Any, **named: Any) -> Any:
    """List all of AWS's beside those that are kept."""
    made = [_made(backend, name) for name in sorted(_of_aws())]
    everything = copy.copy(backend)
    everything.managed_policies = {policy.arn: policy for policy in made if policy is not None}
    everything.managed_policies |= backend.managed_policies
    return original(everything, *given, **named)


def _made(backend: IAMBackend, name: str) -> AWSManagedPolicy | None:
    found = _of_aws().get(name)
    if found is None:
        return None
    policy = AWSManagedPolicy.from_data(name, backend.account_id, backend.region_name, found)
    policy.id = _id(policy.arn)
    return policy


def _id(arn: str) -> str:
    """Return an id in AWS's form, the same each time that the policy is made; not AWS's own.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
    """
    return "ANPA" + base64.b32encode(hashlib.sha256(arn.encode()).digest()).decode()[:17]


def _is_of_aws(arn: str) -> bool:
    return ":iam::aws:policy/" in arn


@cache
def _of_aws() -> dict[str, Any]:
    """What moto has of each, by name: a tenth of a second and 14 MB, when first asked for."""
    found: dict[str, Any] = json.loads(aws_managed_policies_data)
    return found
