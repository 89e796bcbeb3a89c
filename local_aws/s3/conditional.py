"""Conditional writes to S3: of several that ask for a key that does not exist, one succeeds.

moto looks whether the key exists and writes afterwards, so that two writers at once both succeed.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import threading
from typing import Any

from moto.s3.responses import S3Response

from local_aws.wrapping import Original, wrap

_STRIPES = 64


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
            return original(response)

    def post_to_key(original: Original, response: S3Response, *request: Any) -> Any:
        _, _, bucket, _, key = request
        with locks.of(bucket, key):  # this is how a multipart upload is completed
            return original(response, *request)

    wrap(S3Response, "put_object", put_object)
    wrap(S3Response, "_key_response_post", post_to_key)
