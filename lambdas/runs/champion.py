"""The champion: the newest approved model package, laid out for the evaluation to score."""

import logging
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, ParamValidationError

from lambdas.boundary.s3_objects import COPY, put_json, split_uri
from lambdas.boundary.text import SHA256, one_line
from lambdas.boundary.transient import may_pass
from lambdas.errors import ThrottlingError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CopySourceTypeDef
    from mypy_boto3_sagemaker import SageMakerClient

log = logging.getLogger(__name__)

NO_DIGEST = "none"  # as the evaluation's --champion-sha256 takes it
LOOKS = 3
NO_CHAMPION: dict[str, Any] = {"model_package_arn": None}
# Tags stay behind: to copy them would need s3:GetObjectTagging and s3:PutObjectTagging.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
WITHOUT_TAGS = {"TaggingDirective": "REPLACE"}


def place_champion(
    s3: "S3Client", sagemaker: "SageMakerClient", group: str, folder_uri: str
) -> dict[str, Any]:
    """Write ``champion.json`` and, if there is a champion, its ``model.tar.gz`` to ``folder_uri``.

    Returns what champion.json says: ``{"model_package_arn": None}`` where nothing is approved yet;
    the package's ARN with ``model_data_url``; or its ARN with ``error`` where its model cannot be
    had, which is for the gate to judge. Throttling and service errors are raised; whatever else S3
    answers of that model will be answered again: it is gone or archived, its key of KMS is disabled
    or deleted, its bucket is closed, of another region or no bucket's name.
    """
    package = newest_approved(sagemaker, group)
    champion = NO_CHAMPION if package is None else _copy(s3, package, folder_uri)
    put_json(s3, f"{folder_uri}/champion.json", champion)
    log.info("champion placed", extra={"champion": champion})
    return champion


def in_state(champion: Mapping[str, Any]) -> dict[str, str | None]:
    """Return what the run's state tells of a placed champion: its ARN, and its model's digest.

    The digest is the registry's. Whoever can write to the bucket cannot change it.
    """
    metadata = champion.get("customer_metadata") or {}
    return {
        "model_package_arn": champion["model_package_arn"],
        "model_sha256": registered_digest(metadata) or NO_DIGEST,
    }


def registered_digest(metadata: Mapping[str, Any]) -> str | None:
    """Return the model's digest that a version's CustomerMetadataProperties have, or None."""
    digest = str(metadata.get("model_sha256", ""))
    return digest if re.fullmatch(SHA256, digest) else None


def place_no_champion(s3: "S3Client", folder_uri: str) -> dict[str, Any]:
    """Write a ``champion.json`` to ``folder_uri`` that says that there is none, and return it."""
    put_json(s3, f"{folder_uri}/champion.json", NO_CHAMPION)
    return NO_CHAMPION


def newest_approved(
    sagemaker: "SageMakerClient", group: str, besides: str | None = None
) -> Mapping[str, Any] | None:
    """Describe the newest Approved package of the group; None where there is none, or no group.

    ``besides`` is the ARN of a package that does not count. Where the package that is listed is
    deleted or loses its approval before it is described, the list is read again. Raises
    ThrottlingError where that happens again and again.
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListModelPackages.html
    """
    for _ in range(LOOKS):
        arn = _newest_listed(sagemaker, group, besides)
        if arn is None:
            return None
        package = _described(sagemaker, arn)
        if package and package["ModelApprovalStatus"] == "Approved":
            return package
    raise ThrottlingError(f"{group} lists {arn} as Approved, and it is not: try again later")


def _newest_listed(sagemaker: "SageMakerClient", group: str, besides: str | None) -> str | None:
    pages = sagemaker.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=group,
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
    )
    summaries = (item for page in pages for item in page["ModelPackageSummaryList"])
    arns = (summary["ModelPackageArn"] for summary in summaries)
    try:
        return next((arn for arn in arns if arn != besides), None)
    except ClientError as error:
        if is_missing(error):
            return None
        raise


def is_missing(error: ClientError) -> bool:
    """Tell whether the registry refuses a call because the package or group is not there.

    AWS documents no error for that. What is known are errors of validation that say so in words.
    """
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    return code in {"ResourceNotFound", "ResourceNotFoundException"} or (
        code in {"ValidationException", "ValidationError"}
        and ("does not exist" in message or "not found" in message)
    )


def _described(sagemaker: "SageMakerClient", arn: str) -> Mapping[str, Any] | None:
    try:
        return sagemaker.describe_model_package(ModelPackageName=arn)
    except ClientError as error:
        if is_missing(error):
            return None
        raise


def _copy(s3: "S3Client", package: Mapping[str, Any], folder_uri: str) -> dict[str, Any]:
    arn = package["ModelPackageArn"]
    containers = package.get("InferenceSpecification", {}).get("Containers", [])
    url = next((c["ModelDataUrl"] for c in containers if c.get("ModelDataUrl")), None)
    if url is None:
        return {"model_package_arn": arn, "error": "the model package names no ModelDataUrl"}
    try:
        source_bucket, source_key = split_uri(url)
        bucket, key = split_uri(f"{folder_uri}/model.tar.gz")
        source: CopySourceTypeDef = {"Bucket": source_bucket, "Key": source_key}
        s3.copy(source, bucket, key, ExtraArgs=WITHOUT_TAGS, Config=COPY)
    except (ValueError, ParamValidationError) as error:
        return {"model_package_arn": arn, "error": one_line(f"ModelDataUrl {url!r}: {error}")}
    except ClientError as error:
        if may_pass(error):
            raise
        return {"model_package_arn": arn, "error": f"cannot copy {url!r}: {error}"}
    return {
        "model_package_arn": arn,
        "model_package_version": package.get("ModelPackageVersion"),
        "model_data_url": url,
        "customer_metadata": package.get("CustomerMetadataProperties", {}),
    }
