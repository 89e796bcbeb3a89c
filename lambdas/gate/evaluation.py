"""Reading evaluation.json, which is untrusted until it has passed here and the gate."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.boundary import strict_json
from lambdas.boundary.s3_objects import split_uri
from lambdas.errors import InvalidEvaluationError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

LARGEST = 5 * 1024 * 1024  # bytes


def read_evaluation(s3: "S3Client", uri: str) -> object:
    """Return the JSON value at the ``s3://`` URI.

    Raises InvalidEvaluationError where the object is missing, larger than 5 MiB, or not strict
    JSON in UTF-8 (no NaN or Infinity, no key twice). Other errors of S3 are raised as they are.
    """
    bucket, key = split_uri(uri)
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchKey":
            raise
        raise InvalidEvaluationError(f"{uri} is missing: the evaluation wrote nothing") from error
    try:
        return strict_json.read(body, LARGEST)
    except ValueError as error:
        raise InvalidEvaluationError(f"{uri} is {error}") from error
