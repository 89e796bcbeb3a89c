"""Reading, writing and copying single S3 objects."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

GIB = 1024**3
# One CopyObject call is atomic and takes up to 5 GB; only larger objects go in parts.
COPY = TransferConfig(multipart_threshold=5 * GIB, multipart_chunksize=GIB // 2)

# An object version that is not, or no longer, what it was. HeadObject has no body: bare statuses.
GONE = {"404", "NoSuchKey", "NoSuchVersion", "412", "PreconditionFailed"}
# Another write of the same key was under way: nobody can tell yet which of the two is first.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
CONFLICTS = {"ConditionalRequestConflict", "OperationAborted"}
TRIES = 5


def split_uri(uri: str) -> tuple[str, str]:
    """Return (bucket, key) of an ``s3://`` URI. Raises ValueError where it is none."""
    bucket, slash, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket or not slash or not key:
        raise ValueError(f"found {uri!r}, expected s3://<bucket>/<key>")
    return bucket, key


def read_body(body: "StreamingBody", largest: int) -> bytes:
    """Return the bytes of an object's body, no more than one over ``largest``, and close it.

    The body is read until nothing comes: only then its length is compared with the one that S3
    announced. A single ``read(n)`` returns the beginning of an answer that broke off.

    Raises IncompleteReadError or ResponseStreamingError of botocore where the answer broke off.
    """
    content = bytearray()
    with body:
        while chunk := body.read(largest + 1 - len(content)):
            content += chunk
            if len(content) > largest:
                break
    return bytes(content)


def put_json(s3: "S3Client", uri: str, content: Mapping[str, Any], **conditions: Any) -> None:
    """Write ``content`` to the ``s3://`` URI as readable, strict JSON.

    ``conditions`` are PutObject's, such as ``IfNoneMatch="*"``. A write that another one of the
    same key conflicts with is tried again, as AWS advises; the last of several conflicts is raised.
    """
    bucket, key = split_uri(uri)
    body = (json.dumps(content, indent=2, allow_nan=False) + "\n").encode()
    kind = "application/json"
    for left in reversed(range(TRIES)):
        try:
            s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType=kind, **conditions)
            return
        except ClientError as error:
            if error_code(error) not in CONFLICTS or not left:
                raise


def this_version(version_id: str) -> dict[str, Any]:
    """Return the part of a request that names a version; a bucket without versions has none."""
    return {} if version_id == "null" else {"VersionId": version_id}


def error_code(error: ClientError) -> str:
    """Return the code of an error of AWS, such as ``NoSuchKey``."""
    return error.response["Error"]["Code"]
