"""Which actions, on which bucket or object, a call of S3 needs.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
"""

import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote

from local_aws.iam.actions.condition_keys import tag_keys
from local_aws.iam.policies import Request
from local_aws.requests.calls import Call

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Operations whose action has another name. `GetObject` on a version is another action too.
_ACTIONS = {
    "HeadBucket": "ListBucket",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListParts": "ListMultipartUploadParts",
    "HeadObject": "GetObject",
    "SelectObjectContent": "GetObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "UploadPartCopy": "PutObject",
    "DeleteObjects": "DeleteObject",
    "DeleteBucketTagging": "PutBucketTagging",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
}
_OF_A_VERSION = {
    "GetObject": "GetObjectVersion",
    "DeleteObject": "DeleteObjectVersion",
    "GetObjectTagging": "GetObjectVersionTagging",
    "PutObjectTagging": "PutObjectVersionTagging",
    "DeleteObjectTagging": "DeleteObjectVersionTagging",
}
_ALSO_BY_HEADER = {"HTTP_X_AMZ_TAGGING": "PutObjectTagging", "HTTP_X_AMZ_ACL": "PutObjectAcl"}
_CREATING = ("PutObject", "CreateMultipartUpload", "CopyObject")
# An upload in parts needs kms:Decrypt too:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
_IN_PARTS = ("CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload")
_WRITING = ("PutObject", "CopyObject", *_IN_PARTS)
_TAG = re.compile(r"<Tag>\s*<Key>(.*?)</Key>\s*<Value>(.*?)</Value>\s*</Tag>", re.DOTALL)
_KEY = re.compile(r"<Key>(.*?)</Key>", re.DOTALL)


@dataclass(frozen=True)
class Source:
    """What a copy is made of: the header has `bucket/key?versionId=...`, its path encoded."""

    bucket: str
    key: str
    version_id: str = ""

    @classmethod
    def of(cls, header: str) -> "Source":
        """Read the header `x-amz-copy-source`."""
        path, _, version_id = header.partition("?versionId=")
        bucket, _, key = unquote(path).removeprefix("/").partition("/")
        return cls(bucket, key, version_id)

    def needs(self, action: str, partition: str) -> Request:
        """Return the right to that action on it, or on its version."""
        action = _OF_A_VERSION[action] if self.version_id else action
        return Request(f"s3:{action}", f"arn:{partition}:s3:::{self.bucket}/{self.key}")


def required(
    call: Call,
    environ: "WSGIEnvironment",
    partition: str,
    tagged: Callable[[Source], bool] = lambda _: False,
    key_of: Callable[[Source], str] = lambda _: "",
) -> Iterator[Request]:
    """Yield what the caller must be allowed to do.

    `tagged` tells whether an object has tags. `key_of` returns the key of KMS that an object is
    encrypted with, or, of a source without a key, a bucket's own; "" where there is none.
    """
    bucket, key = call.path_parameters.get("Bucket", ""), call.path_parameters.get("Key", "")
    query = {name: values[0] for name, values in _query(environ).items()}
    if not bucket:
        yield Request(_all_buckets(call.operation), "*")
        return
    action = _ACTIONS.get(call.operation, call.operation or "Unknown")
    if query.get("versionId"):
        action = _OF_A_VERSION.get(action, action)
    where = f"arn:{partition}:s3:::{bucket}"
    tags = dict(tag_keys(bucket_tags(environ))) if call.operation == "CreateBucket" else {}
    keys = {**({"s3:prefix": [query["prefix"]]} if "prefix" in query else {}), **tags}
    if tags:  # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
        yield Request("s3:TagResource", where, keys)
    for name in _deleted(environ) if call.operation == "DeleteObjects" else [key]:
        yield Request(f"s3:{action}", f"{where}/{name}" if name else where, keys)
    version = query.get("versionId", "")
    yield from _of_keys(call.operation, environ, Source(bucket, key, version), key_of)
    if call.operation == "GetObjectAttributes":
        yield Request("s3:GetObject", f"{where}/{key}")
    if call.operation in _CREATING:
        for header, more in _ALSO_BY_HEADER.items():
            if environ.get(header):
                yield Request(f"s3:{more}", f"{where}/{key}")
    if environ.get("HTTP_X_AMZ_COPY_SOURCE"):
        source = Source.of(environ["HTTP_X_AMZ_COPY_SOURCE"])
        yield source.needs("GetObject", partition)
        if call.operation == "CopyObject" and _copies_tags(environ) and tagged(source):
            yield source.needs("GetObjectTagging", partition)
            yield Request("s3:PutObjectTagging", f"{where}/{key}")


def _of_keys(
    operation: str, environ: "WSGIEnvironment", target: Source, key_of: Callable[[Source], str]
) -> Iterator[Request]:
    """What S3 does with a key of KMS for its caller, for each object and without its bucket key.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    source = environ.get("HTTP_X_AMZ_COPY_SOURCE")
    read = Source.of(source) if source else target if operation == "GetObject" else None
    if read is not None and (key := key_of(read)):
        yield Request("kms:Decrypt", key)
    named = environ.get("HTTP_X_AMZ_SERVER_SIDE_ENCRYPTION_AWS_KMS_KEY_ID")
    if operation in _WRITING and (key := named or key_of(Source(target.bucket, ""))):
        yield Request("kms:GenerateDataKey", key)
        if operation in _IN_PARTS:
            yield Request("kms:Decrypt", key)


def bucket_tags(environ: "WSGIEnvironment") -> dict[str, str]:
    """Return the tags that a bucket is created with."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if not length:
        return {}
    body = environ["wsgi.input"].read(length)
    environ["wsgi.input"] = io.BytesIO(body)
    found = _TAG.findall(body.decode(errors="replace"))
    return {unescape(key): unescape(value) for key, value in found}


def listing(call: Call, partition: str) -> Request | None:
    """Return what the caller needs to learn that an object is not there: 403 without it, not 404.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html#API_GetObject_RequestSyntax
    """
    if call.service != "s3" or call.operation not in ("GetObject", "HeadObject"):
        return None
    return Request("s3:ListBucket", f"arn:{partition}:s3:::{call.path_parameters['Bucket']}")


def _all_buckets(operation: str) -> str:
    return "s3:ListAllMyBuckets" if operation == "ListBuckets" else f"s3:{operation or 'Unknown'}"


def _copies_tags(environ: "WSGIEnvironment") -> bool:
    """Tell whether a copy takes the tags of its source along, as it does if nothing else is said.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    """
    return str(environ.get("HTTP_X_AMZ_TAGGING_DIRECTIVE", "COPY")).upper() == "COPY"


def _query(environ: "WSGIEnvironment") -> dict[str, list[str]]:
    return parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)


def _deleted(environ: "WSGIEnvironment") -> list[str]:
    """Return the keys of a DeleteObjects; AWS answers for each, and here one decides for all."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return [unescape(key) for key in _KEY.findall(body.decode(errors="replace"))] or [""]
