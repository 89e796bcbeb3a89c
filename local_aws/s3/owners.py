"""The bucket owner condition: a request that expects another owner of its bucket is refused.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
moto passes over both headers. Of a bucket that is not there S3 says so, whoever is expected.
"""

from typing import Any
from urllib.parse import unquote

from moto.s3.exceptions import S3AccessDeniedError
from moto.s3.responses import S3Response

from local_aws.iam.bucket_policies import owner_of
from local_aws.wrapping import Original, wrap

_OWNER = "x-amz-expected-bucket-owner"
_SOURCE_OWNER = "x-amz-source-expected-bucket-owner"
_SOURCE = "x-amz-copy-source"


def install() -> None:
    """Hold requests about buckets and objects to the owners that they expect."""
    for name in ("_bucket_response", "_key_response"):
        wrap(S3Response, name, _holding_owners)


def _holding_owners(
    original: Original, response: S3Response, request: Any, *more: Any, **named: Any
) -> Any:
    source = unquote(request.headers.get(_SOURCE, "")).removeprefix("/").partition("/")[0]
    for header, bucket in ((_OWNER, response.bucket_name), (_SOURCE_OWNER, source)):
        expected, owner = request.headers.get(header), owner_of(bucket)
        if expected and owner and expected != owner:
            raise S3AccessDeniedError
    return original(response, request, *more, **named)
