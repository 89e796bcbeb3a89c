"""How large the inline policies of a role may be together; each alone is held against the same.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from typing import Any

from moto.iam.exceptions import LimitExceededException
from moto.iam.models import IAMBackend

from local_aws.requests.service_limits import limit_of
from local_aws.wrapping import Original, wrap


def install() -> None:
    """Have moto refuse what would be too much."""
    wrap(IAMBackend, "put_role_policy", _put)


def _put(original: Original, self: Any, role_name: str, policy_name: str, policy_json: str) -> None:
    role = self.get_role(role_name)
    limit = limit_of("iam/PutRolePolicy")
    together = "".join([*_others(role.policies, policy_name), policy_json])
    if not limit.allows(together):
        raise LimitExceededException(f"{limit.said('')} {role_name}")
    original(self, role_name, policy_name, policy_json)


def _others(policies: dict[str, str], name: str) -> list[str]:
    return [document for other, document in policies.items() if other != name]
