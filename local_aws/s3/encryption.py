"""What S3 tells of each object: it is encrypted by S3's own key at least, and how it was summed up.

moto 5.2 tells of encryption where somebody asked for it, and of the checksum's type for uploads in
parts. A bucket's own default stays what it is. Nothing is really encrypted.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

from typing import Any

from moto.s3.models import FakeKey
from moto.s3.responses import S3Response

from local_aws.wrapping import Original, replace, wrap

_ENCRYPTION, _S3S_OWN = "x-amz-server-side-encryption", "AES256"
_CUSTOMERS_KEY = "x-amz-server-side-encryption-customer-algorithm"
_CHECKSUM, _CHECKSUM_TYPE = "x-amz-checksum-", "x-amz-checksum-type"
Answer = tuple[int, dict[str, Any], Any]


def install() -> None:
    """Complete the answers that have headers of an object."""
    described: Any = FakeKey.response_dict

    def response_dict(key: FakeKey) -> dict[str, Any]:
        return {_ENCRYPTION: _S3S_OWN, **described.fget(key)}

    replace(FakeKey, response_dict=property(response_dict))
    for name in ("put_object", "get_object", "head_object"):
        wrap(S3Response, name, _summed_up)
    wrap(S3Response, "_key_response_post", _begun_or_completed)


def _summed_up(original: Original, response: S3Response, *given: Any, **named: Any) -> Answer:
    status, headers, body = original(response, *given, **named)
    if any(name.startswith(_CHECKSUM) for name in headers):
        headers.setdefault(_CHECKSUM_TYPE, "FULL_OBJECT")
    if response.headers.get(_CUSTOMERS_KEY):  # such an object has the customer's key instead
        headers.pop(_ENCRYPTION, None)
    return status, headers, body


def _begun_or_completed(original: Original, response: S3Response, *request: Any) -> Answer:
    status, headers, body = original(response, *request)
    *_, query, _ = request
    if status == 200 and ("uploads" in query or "uploadId" in query):  # noqa: PLR2004
        headers.setdefault(_ENCRYPTION, _S3S_OWN)
    return status, headers, body
