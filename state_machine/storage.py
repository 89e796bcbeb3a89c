"""The one bucket of a stage, and the code that lies in it."""

from http import HTTPStatus
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from state_machine.bundle import Bundle
from state_machine.names import Names

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# CreateBucket takes no LocationConstraint in the region that came first:
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
FIRST_REGION = "us-east-1"


def ensure_bucket(names: Names, s3: "S3Client") -> None:
    """A versioned, encrypted bucket that nobody can open to the public; repeatable."""
    if not _exists(names.bucket, s3):
        if names.region == FIRST_REGION:
            s3.create_bucket(Bucket=names.bucket)
        else:
            s3.create_bucket(
                Bucket=names.bucket,
                CreateBucketConfiguration={"LocationConstraint": names.region},  # type: ignore[typeddict-item]
            )
    # Two writes to one key of an unversioned bucket may raise a single event, and a run could not
    # say which of the two it read:
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
    s3.put_bucket_versioning(Bucket=names.bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_encryption(
        Bucket=names.bucket,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )
    s3.put_public_access_block(
        Bucket=names.bucket,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )


def upload(bundle: Bundle, s3: "S3Client") -> None:
    """Put the bundle's files where its digest says. The same content is uploaded twice at most."""
    for name, content in bundle.files.items():
        s3.put_object(Bucket=bundle.bucket, Key=f"{bundle.prefix}{name}", Body=content)


def _exists(bucket: str, s3: "S3Client") -> bool:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_FOUND:
            return False
        raise
    return True
