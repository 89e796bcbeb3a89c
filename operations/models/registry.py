"""The versions of a model package group, and what a person decides about them.

The champion is the newest Approved version: a run is held against it, and a rollback makes an
earlier one the newest.
https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-approve.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.boundary.text import one_line
from operations.errors import InputError, NoVersionError

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient
    from mypy_boto3_sagemaker.literals import ModelApprovalStatusType

APPROVED: "ModelApprovalStatusType" = "Approved"
REJECTED: "ModelApprovalStatusType" = "Rejected"
CHAMPION = "champion"
PAGE = 100  # the most that ListModelPackages gives at once
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateModelPackage.html
LONGEST_DESCRIPTION = 1024
_MISSING = {"ValidationException", "ResourceNotFound"}


@dataclass(frozen=True)
class Version:
    """One version of a group, with its approval status when it was read."""

    group: str
    number: int
    arn: str
    status: str
    created: datetime

    def __str__(self) -> str:
        """For example `version 3 of fashion-mnist`."""
        return f"version {self.number} of {self.group}"


@dataclass(frozen=True)
class Rollback:
    """What makes `target` the champion in the place of `champion`.

    `to_reject` are the approved versions after it, the oldest first: so the champion changes once,
    with the last of them, and a rollback that is cut short has changed nothing for anybody.
    """

    target: Version
    champion: Version
    to_reject: tuple[Version, ...]


def versions(sagemaker: "SageMakerClient", group: str) -> list[Version]:
    """Every version of the group, the newest first."""
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group,
        SortBy="CreationTime",
        SortOrder="Descending",
        PaginationConfig={"PageSize": PAGE},
    )
    return [_version(package) for page in pages for package in page["ModelPackageSummaryList"]]


def champion(known: Sequence[Version]) -> Version | None:
    """The newest Approved one of the versions, which are sorted newest first."""
    return next((version for version in known if version.status == APPROVED), None)


def find(sagemaker: "SageMakerClient", group: str, asked: str) -> Version:
    """The version that a person asks for: a number, `champion`, or the ARN of any group's version.

    Raises InputError if it is none of these, NoVersionError if there is no such version.
    """
    if asked.startswith("arn:"):
        return _by_arn(sagemaker, asked)
    if asked != CHAMPION and not asked.isdecimal():
        raise InputError(
            f"VERSION is {asked!r}, expected a number such as 3, `champion`, or an ARN",
            "`retrain models list` shows them",
        )
    known = versions(sagemaker, group)
    if asked == CHAMPION:
        found = champion(known)
        missing = f"No version of {group} is {APPROVED}, so there is no champion"
    else:
        found = next((version for version in known if version.number == int(asked)), None)
        there = ", ".join(str(version.number) for version in reversed(known))
        missing = f"{group} has no version {asked}; it has {there or 'none yet'}"
    if found is None:
        raise NoVersionError(missing, "`retrain models list` shows the versions and their status")
    return found


def decide(
    sagemaker: "SageMakerClient",
    version: Version,
    status: "ModelApprovalStatusType",
    reason: str,
    who: str,
) -> bool:
    """Give the version the approval status, unless it has it; return whether that was a change.

    The registry keeps no history of statuses, and the event of a change does not tell what was
    before: so the description says why, who, and what was.
    """
    if version.status == status:
        return False
    sagemaker.update_model_package(
        ModelPackageArn=version.arn,
        ModelApprovalStatus=status,
        ApprovalDescription=description(reason, who, version.status),
    )
    return True


def description(reason: str, who: str, was: str) -> str:
    """The ApprovalDescription of a decision, on one line; a long reason is cut."""
    about = f" (by {who}, was {was})"
    return one_line(reason, LONGEST_DESCRIPTION - len(about)) + about


def plan_rollback(group: str, known: Sequence[Version], to: Version | None = None) -> Rollback:
    """What would make `to`, or the approved version before the champion, the champion.

    `known` are the group's versions, newest first. Raises NoVersionError where there is nothing to
    roll back to, or `to` is not an approved version of the group.
    """
    approved = [version for version in known if version.status == APPROVED]
    if to is not None and to.arn not in [version.arn for version in approved]:
        raise NoVersionError(
            f"{to} is {to.status}, expected an {APPROVED} version of {group} to roll back to",
            f"`retrain models approve {to.number} --reason TEXT` approves it first",
        )
    if to is None and len(approved) < 2:  # noqa: PLR2004 (the champion and one before it)
        found = f"only version {approved[0].number}" if approved else "no version"
        raise NoVersionError(
            f"There is nothing to roll back to: {found} of {group} is {APPROVED}",
            "`retrain models approve VERSION --reason TEXT` approves another one",
        )
    target = approved[1] if to is None else to
    newer = approved[: [version.arn for version in approved].index(target.arn)]
    return Rollback(target, approved[0], tuple(reversed(newer)))


def roll_back(
    sagemaker: "SageMakerClient", plan: Rollback, reason: str, who: str
) -> Iterator[Version]:
    """Do what the plan says; give each version, as it was before, when it is rejected."""
    for version in plan.to_reject:
        why = f"rolled back to version {plan.target.number}: {reason}"
        decide(sagemaker, version, REJECTED, why, who)
        yield version


def check_reason(reason: str) -> None:
    """Raises InputError where a decision is given no reason."""
    if not reason.strip():
        raise InputError(
            "The reason is empty, expected a sentence",
            "say why: it stands in the registry and in the announcement",
        )


def caller(identity_arn: str) -> str:
    """Who an ARN of STS names, for example `user/ann` or `assumed-role/Admin/ann`."""
    return identity_arn.split(":", 5)[-1]


def described(sagemaker: "SageMakerClient", arn: str) -> dict[str, Any]:
    """What DescribeModelPackage answers."""
    return dict(sagemaker.describe_model_package(ModelPackageName=arn))


def _by_arn(sagemaker: "SageMakerClient", arn: str) -> Version:
    try:
        package = described(sagemaker, arn)
    except ClientError as error:
        if error.response["Error"].get("Code") not in _MISSING:
            raise
        raise NoVersionError(
            f"Found no model package {arn}", "`retrain models list --json` shows the ARNs"
        ) from error
    if "ModelPackageVersion" not in package:
        raise InputError(f"{arn} is a model package without versions, expected one of a group")
    return _version(package)


def _version(package: Any) -> Version:
    """Both a summary and a description of a package tell this."""
    return Version(
        group=package["ModelPackageGroupName"],
        number=package["ModelPackageVersion"],
        arn=package["ModelPackageArn"],
        status=package["ModelApprovalStatus"],
        created=package["CreationTime"],
    )
