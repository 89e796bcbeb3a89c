"""Announcing model packages whose approval status is new, each in one readable line."""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.boundary.text import one_line
from lambdas.runs import files

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient

log = logging.getLogger(__name__)

# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
LONGEST_SUBJECT = 100
ANNOUNCED = frozenset({"ModelApprovalStatus", "ApprovalDescription"})
LONGEST_LINE = 4000  # an ApprovalDescription has at most 1024 characters


def pattern(model_package_group: str) -> dict[str, Any]:
    """Return what EventBridge is to tell: packages of the group that are made or changed.

    https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
    """
    return {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {
            "ModelPackageGroupName": [model_package_group],
            "ModelPackageStatus": ["Completed"],
        },
    }


def announce_approval(
    event: Mapping[str, Any], *, topic_arn: str, sns: "SNSClient", s3: "S3Client"
) -> dict[str, Any]:
    """Publish which version of which group is approved, rejected or waits, why, and its report.

    ``event`` is a ``SageMaker Model Package State Change`` of EventBridge. Its detail describes the
    package, and names in ``UpdatedModelPackageFields`` what an update changed. Updates that change
    neither the approval status nor its description are ignored. A new description without a new
    status is announced: ApproveModel wrote there why the version waits for a person. That AWS sends
    an event for such an update is believed, not known. The event does not tell the status before;
    ``retrain models`` writes that into the ApprovalDescription, with who and why.
    https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html
    """
    package = event["detail"]
    updated = package.get("UpdatedModelPackageFields") or []
    answer = {"model_package_arn": package["ModelPackageArn"]}
    if updated and not ANNOUNCED.intersection(updated):
        log.info("not announced", extra={**answer, "updated": updated})
        return {**answer, "announced": False}
    status = package["ModelApprovalStatus"]
    version = f"{package['ModelPackageGroupName']} version {package['ModelPackageVersion']}"
    happened = f"is {status}" if updated else f"is registered as {status}"
    why = _why(package, updated)
    subject = f"{status}: {version}"
    line = f"{version} {happened}{f': {why}' if why else ''}. {_link(s3, package)}"
    sns.publish(
        TopicArn=topic_arn,
        # ASCII, or SNS refuses it.
        Subject=one_line(subject.encode("ascii", "replace").decode(), LONGEST_SUBJECT),
        Message=one_line(line, LONGEST_LINE) + "\n",
    )
    log.info("announced", extra={**answer, "status": status})
    return {**answer, "announced": True}


def _why(package: Mapping[str, Any], updated: list[str]) -> str:
    """Return the reason of this change.

    Where the event does not say that the description was changed, an earlier decision may have left
    it there. Or the event names one of several changed fields, as AWS's example of it does.
    """
    if updated:
        described = str(package.get("ApprovalDescription") or "")
        known = not described or "ApprovalDescription" in updated
        return described if known else f"(perhaps of an earlier decision) {described}"
    metadata = package.get("CustomerMetadataProperties") or {}
    return str(metadata.get("decision_reason") or "")


def _link(s3: "S3Client", package: Mapping[str, Any]) -> str:
    """Return where to read more. A link that cannot be found keeps no announcement back."""
    run = files.run_uri(package)
    if run is None:
        return f"ARN: {package['ModelPackageArn']}"
    try:
        plan = files.read(s3, f"{run}/run.json")
        return f"Report: {files.report_uri(plan)}" if plan else f"Run: {run}"
    except (ClientError, ValueError, KeyError) as error:
        log.warning("no report found", extra={"run": run, "problem": str(error)})
        return f"Run: {run}"
