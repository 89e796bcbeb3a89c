"""The code bundle that a run's jobs execute is the one that its plan names."""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.boundary.s3_objects import GONE, error_code, split_uri
from lambdas.errors import CodeError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# What a code bundle's digest is taken of, in this order: state_machine.artifacts.bundle packs them.
CODE_FILES = ("sourcedir.tar.gz", "process.sh")
LARGEST_CODE, CHUNK = 100 * 1024**2, 1024**2  # bytes


def check_code(s3: "S3Client", code: Mapping[str, str]) -> None:
    """Read the bundle in the folder ``code["s3_uri"]`` and compare it with ``code["sha256"]``.

    Raises CodeError in one line where a file is gone, is larger than 100 MiB, or another's was put
    in its place. Other errors of S3 are raised as they are.
    """
    digest = hashlib.sha256()
    for file in CODE_FILES:
        bucket, key = split_uri(f"{code['s3_uri']}{file}")
        try:
            found = s3.get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error_code(error) not in GONE:
                raise
            raise CodeError(
                f"s3://{bucket}/{key}, its code, is gone; `retrain deploy` of the same source "
                "uploads it again"
            ) from error
        if found["ContentLength"] > LARGEST_CODE:
            raise CodeError(f"s3://{bucket}/{key}, its code, has more than {LARGEST_CODE} bytes")
        body = found["Body"]
        with body:
            for chunk in body.iter_chunks(CHUNK):
                digest.update(chunk)
    if digest.hexdigest() != code["sha256"]:
        raise CodeError(
            f"the code at {code['s3_uri']} has sha256 {digest.hexdigest()}, expected "
            f"{code['sha256']}: it was overwritten"
        )
