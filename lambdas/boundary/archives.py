"""Objects that lie in an archive of S3: they are listed, and nobody can read them.

Whoever restores one gets a copy for some days, which is read like any other object.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/archived-objects.html
"""

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambdas.boundary.s3_objects import this_version

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CLASSES = ("GLACIER", "DEEP_ARCHIVE")
# What GetObject and CopyObject answer for one of them.
REFUSALS = {"InvalidObjectState", "ObjectNotInActiveTierError"}
DAYS = 7


def archive(head: Mapping[str, Any]) -> str:
    """Return the archive that an object lies in, by its HeadObject; empty where it can be read.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    """
    if 'ongoing-request="false"' in head.get("Restore", ""):
        return ""
    if tier := head.get("ArchiveStatus"):  # of INTELLIGENT_TIERING
        return str(tier)
    found = str(head.get("StorageClass", ""))
    return found if found in CLASSES else ""


def refusal(s3: "S3Client", bucket: str, key: str, version_id: str) -> str:
    """Say in one line where an object lies that S3 would not read, and how to restore it.

    A copy of what lies in a storage class of its own is kept for days. Restoring moves an object of
    INTELLIGENT_TIERING out of its archive, for which no days may be given:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects.html
    """
    head = s3.head_object(Bucket=bucket, Key=key, **this_version(version_id))
    found = archive(head) or "an archive"
    asked = f"Days={DAYS}" if found in CLASSES else "GlacierJobParameters={Tier=Standard}"
    version = [] if version_id == "null" else ["--version-id", version_id]
    object_ = ["--bucket", bucket, "--key", key, *version]
    command = ["aws", "s3api", "restore-object", *object_, "--restore-request", asked]
    under_way = 'ongoing-request="true"' in head.get("Restore", "")
    what = "it is being restored" if under_way else f"restore it with `{shlex.join(command)}`"
    return (
        f"s3://{bucket}/{key} lies in {found} and cannot be read: {what}, which takes hours; then "
        "start or redrive the execution"
    )
