"""Conditional writes to S3: of several that ask for a key that does not exist, one succeeds.

What this restores of AWS's behaviour, where moto 5.2 differs:

- moto looks whether the key exists and writes afterwards, so that two writers at once both succeed.
- `If-None-Match` is taken with `*` alone, and is 501 with an ETag; moto passes over that.
- CopyObject holds to `If-None-Match` and `If-Match` of its target, of which moto knows neither.
- Who completes an upload with `If-None-Match` gets 409 ConditionalRequestConflict if the key was
  deleted since the upload began; moto completes it.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import threading
from typing import Any

from moto.s3.exceptions import MissingKey, PreconditionFailed
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response

from local_aws.wrapping import Original, wrap

_STRIPES = 64
_DELETED = "key_was_deleted"  # of an upload: since it began


class Locks:
    """One lock for each key, or rather for each of a few sets of keys."""

    def __init__(self) -> None:
        self._locks = [threading.Lock() for _ in range(_STRIPES)]

    def of(self, bucket: str, key: str) -> threading.Lock:
        """Return the lock that every writer of the key takes."""
        return self._locks[hash((bucket, key)) % _STRIPES]


def install() -> None:
    """Let one writer at a time look at a key and write it."""
    locks = Locks()

    def put_object(original: Original, response: S3Response) -> Any:
        with locks.of(response.bucket_name, response.parse_key_name()):
            return _refusal(response) or original(response)

    def copy_object(original: Original, response: S3Response) -> Any:
        with locks.of(response.bucket_name, response.parse_key_name()):
            _check_target(response)
            return _refusal(response) or original(response)

    def post_to_key(original: Original, response: S3Response, *request: Any) -> Any:
        _, _, bucket, query, key = request
        with locks.of(bucket, key):  # this is how a multipart upload is completed
            upload = query.get("uploadId", [""])[0]
            return _refusal(response, upload) or original(response, *request)

    wrap(S3Response, "put_object", put_object)
    wrap(S3Response, "copy_object", copy_object)
    wrap(S3Response, "_key_response_post", post_to_key)
    wrap(S3Backend, "delete_object", _delete_object)


def _refusal(response: S3Response, upload_id: str = "") -> tuple[int, dict[str, str], str] | None:
    """Return an answer that moto has no error for, if the write is refused."""
    condition = response.headers.get("If-None-Match")
    if condition not in {None, "*"}:
        return _error(
            501,
            "NotImplemented",
            "A header you provided implies functionality that is not implemented",
        )
    uploads = response.backend.get_bucket(response.bucket_name).multiparts if upload_id else {}
    if condition and upload_id in uploads and getattr(uploads[upload_id], _DELETED, False):
        return _error(
            409,
            "ConditionalRequestConflict",
            "The conditional request cannot succeed due to a conflicting operation against this "
            "resource.",
        )
    return None


def _check_target(response: S3Response) -> None:
    target = response.backend.get_object(response.bucket_name, response.parse_key_name())
    if response.headers.get("If-None-Match") == "*" and target is not None:
        raise PreconditionFailed("If-None-Match")
    expected = response.headers.get("If-Match")
    if expected is None:
        return
    if target is None:
        raise MissingKey(key=response.parse_key_name())
    if expected.strip('"') != target.etag.strip('"'):
        raise PreconditionFailed("If-Match")


def _delete_object(
    original: Original,
    backend: S3Backend,
    bucket_name: str,
    key_name: str,
    *given: Any,
    **named: Any,
) -> Any:
    answer = original(backend, bucket_name, key_name, *given, **named)
    uploads = backend.get_bucket(bucket_name).multiparts
    for upload_id in [one for one, upload in dict(uploads).items() if upload.key_name == key_name]:
        setattr(uploads[upload_id], _DELETED, True)
    return answer


def _error(status: int, code: str, message: str) -> tuple[int, dict[str, str], str]:
    body = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return status, {"content-type": "application/xml"}, body
