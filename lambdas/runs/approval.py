"""Approving a registered version by rule: only over the champion that it was measured against.

SageMaker has no conditional update: between a look and UpdateModelPackage somebody may approve,
reject or delete a version. So the version is approved first and the registry is looked at once
more; an approval that the second look speaks against is taken back. Of two runs at once that
approve, each then sees the other's approval, unless that one has already been taken back.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateModelPackage.html

What remains: a version may be Approved for the moment between the two looks, and a decision of a
person on this very version between DescribeModelPackage and UpdateModelPackage is written over.
That ListModelPackages shows an update as soon as UpdateModelPackage has answered is believed; AWS
does not document it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.boundary.text import one_line
from lambdas.errors import ThrottlingError
from lambdas.runs.champion import NO_DIGEST, is_missing, newest_approved, registered_digest

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

PENDING, APPROVED = "PendingManualApproval", "Approved"
DELETED = "Deleted"  # a status of ours: the registry knows the version no more
BY_RULE = "(by the rules of auto_approve)"
LONGEST_DESCRIPTION = 1000  # of the 1024 characters of an ApprovalDescription
LOOKS = 3  # one before the approval, one after it, one more if the registry is slow to show it


@dataclass(frozen=True)
class Approval:
    """What became of a version: its ``status``, and why it is not approved ``by_rule``."""

    status: str
    by_rule: bool
    reason: str


def approve(
    sagemaker: "SageMakerClient",
    package_arn: str,
    group: str,
    champion: Mapping[str, Any],
    rules_say: str,
) -> Approval:
    """Approve a version that waits, if the champion is the one that it was measured against.

    A version whose champion has changed is left or put back as PendingManualApproval, with the
    reason as its ApprovalDescription. A version on which somebody else has decided is left as it
    is. Repeating the call is harmless.

    Args:
        sagemaker: the registry.
        package_arn: of the version.
        group: the name of its model package group, which its ARN has in lower case only.
        champion: as the run's state has it: ``model_package_arn`` and ``model_sha256``.
        rules_say: what the rules of automatic approval found.

    Raises:
        ThrottlingError: somebody else changes the version, or the approval does not show yet.
    """
    try:
        return _approve(sagemaker, package_arn, group, champion, rules_say)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConflictException":
            raise ThrottlingError(str(error)) from error
        if not is_missing(error):
            raise
        return Approval(DELETED, False, "not approved by rule: the version was deleted meanwhile")


def _approve(
    sagemaker: "SageMakerClient",
    arn: str,
    group: str,
    champion: Mapping[str, Any],
    rules_say: str,
) -> Approval:
    approved = _change(arn, APPROVED, f"{one_line(rules_say, 900)} {BY_RULE}")
    for looks_left in reversed(range(LOOKS)):
        against = _changed(sagemaker, arn, group, champion)
        version = sagemaker.describe_model_package(ModelPackageName=arn)  # last: a person decides
        ours = approved.items() <= version.items()
        if not ours and not _untouched(version):
            return _decided(version)
        if against:
            sagemaker.update_model_package(**_change(arn, PENDING, against))
            return Approval(PENDING, False, against)
        if ours:
            return Approval(APPROVED, True, rules_say)
        if looks_left:
            sagemaker.update_model_package(**approved)
    times = LOOKS - 1
    raise ThrottlingError(f"{arn} was approved {times} times, and the registry does not show it")


def _change(arn: str, status: str, why: str) -> Any:
    description = one_line(why, LONGEST_DESCRIPTION)
    return {
        "ModelPackageArn": arn,
        "ModelApprovalStatus": status,
        "ApprovalDescription": description,
    }


def _changed(
    sagemaker: "SageMakerClient", arn: str, group: str, champion: Mapping[str, Any]
) -> str:
    """Say why the version was not measured against the champion of now; nothing if it was."""
    package = newest_approved(sagemaker, group, besides=arn)
    measured: str | None = champion["model_package_arn"]
    now: str | None = package["ModelPackageArn"] if package else None
    if now != measured:
        found = f"{_name(now)} is the champion now" if now else "there is no champion now"
        return f"not approved by rule: {found}, the model was measured against {_name(measured)}"
    digest = registered_digest((package or {}).get("CustomerMetadataProperties") or {})
    if (digest or NO_DIGEST) != champion.get("model_sha256", NO_DIGEST):
        return f"not approved by rule: {_name(now)} has another model_sha256 than it had"
    return ""


def _untouched(version: Mapping[str, Any]) -> bool:
    """Tell whether nobody has said anything of the version since it was registered."""
    waits = version["ModelApprovalStatus"] == PENDING
    return waits and not version.get("ApprovalDescription")


def _decided(version: Mapping[str, Any]) -> Approval:
    status, why = version["ModelApprovalStatus"], version.get("ApprovalDescription")
    reason = f"not approved by rule: it is {status} already: {why or 'no reason given'}"
    return Approval(status, False, one_line(reason))


def _name(arn: str | None) -> str:
    return f"version {arn.rpartition('/')[2]}" if arn else "none"
