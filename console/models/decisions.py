"""What a person decides about model versions, as long as they still are what was shown."""

from typing import TYPE_CHECKING

from console.account import Account
from operations.errors import InputError
from operations.models import registry
from operations.models.registry import Rollback, Version

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.literals import ModelApprovalStatusType


def decide(
    account: Account, shown: Version, status: "ModelApprovalStatusType", reason: str
) -> None:
    """Approve or reject a version. Raises InputError where somebody else decided meanwhile."""
    registry.check_reason(reason)
    sagemaker = account.client("sagemaker")
    now = registry.find(sagemaker, shown.group, shown.arn)
    if now.status != shown.status:
        raise _changed_meanwhile(f"{shown} is {now.status}, was {shown.status}")
    registry.decide(sagemaker, now, status, reason, account.caller())


def roll_back(account: Account, shown: Rollback, reason: str) -> None:
    """Do what the plan says. Raises InputError where another one would be made now."""
    registry.check_reason(reason)
    sagemaker, group = account.client("sagemaker"), shown.target.group
    known = registry.versions(sagemaker, group)
    target = next((version for version in known if version.arn == shown.target.arn), None)
    now = registry.plan_rollback(group, known, target)
    if now != shown:
        raise _changed_meanwhile(f"the champion is {now.champion}, or others were approved")
    for _ in registry.roll_back(sagemaker, now, reason, account.caller()):
        pass


def _changed_meanwhile(what: str) -> InputError:
    return InputError(f"Nothing was changed: {what}", "somebody else decided: look again")
