"""Reading evaluation.json, which is untrusted until it has passed here and the gate."""

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.errors import InvalidEvaluationError
from lambdas.s3_objects import split_uri

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
    with body:
        content = body.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise InvalidEvaluationError(f"{uri} is larger than {LARGEST} bytes")
    return parse_strictly(content)


def parse_strictly(content: bytes) -> object:
    """Return the JSON value in ``content``. Raises InvalidEvaluationError if it is not strict."""
    try:
        return json.loads(
            content.decode("utf-8"),
            parse_constant=_refuse_constant,
            object_pairs_hook=_without_duplicates,
        )
    except (ValueError, RecursionError) as error:
        raise InvalidEvaluationError(f"evaluation.json is malformed: {error}") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return found
