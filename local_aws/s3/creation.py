"""Buckets that are created with tags, which moto passes over.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
"""

from typing import Any

import xmltodict
from moto.s3.responses import S3Response

from local_aws.wrapping import Original, wrap


def install() -> None:
    """Have moto put the tags."""
    wrap(S3Response, "_bucket_response_put", _put)


def _put(
    original: Original, self: S3Response, request: Any, bucket_name: str, querystring: Any
) -> Any:
    answer = original(self, request, bucket_name, querystring)
    if not querystring and self.body and (tags := _tags(self.body)):
        self.backend.put_bucket_tagging(bucket_name, tags)
    return answer


def _tags(body: Any) -> dict[str, str]:
    configuration = xmltodict.parse(body).get("CreateBucketConfiguration") or {}
    listed = (configuration.get("Tags") or {}).get("Tag") or []
    found = listed if isinstance(listed, list) else [listed]
    return {tag["Key"]: tag["Value"] or "" for tag in found}
