"""Reading and writing single S3 objects by URI."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def split_uri(uri: str) -> tuple[str, str]:
    """Return (bucket, key) of an ``s3://`` URI. Raises ValueError where it is none."""
    bucket, slash, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket or not slash or not key:
        raise ValueError(f"found {uri!r}, expected s3://<bucket>/<key>")
    return bucket, key


def put_json(s3: "S3Client", uri: str, content: Mapping[str, Any]) -> None:
    """Write ``content`` to the ``s3://`` URI as readable, strict JSON."""
    bucket, key = split_uri(uri)
    body = json.dumps(content, indent=2, allow_nan=False) + "\n"
    s3.put_object(Bucket=bucket, Key=key, Body=body.encode(), ContentType="application/json")
