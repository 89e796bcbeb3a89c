"""S3's answers about keys that XML cannot hold: encoded, where the caller asks for that.

An object's key may be any text, XML 1.0 knows no control characters. So a caller asks for
`encoding-type=url`, boto3 does by itself, and gets each key and what is made of keys encoded:
https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html

moto 5.2 encodes some of them for ListObjects and ListObjectsV2, nothing for ListObjectVersions and
ListMultipartUploads, and fails with HTTP 500.
"""

import re
from typing import Any, cast
from urllib.parse import quote
from xml.parsers.expat import ExpatError

from moto.core.responses import ActionResult
from moto.s3.exceptions import InvalidArgumentError, MalformedXML
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response

from local_aws.wrapping import Original, wrap

# https://www.w3.org/TR/xml/#charsets
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LISTINGS = ("list_objects", "list_objects_v2", "list_object_versions", "list_multipart_uploads")
_MEMBERS = (
    *("Delimiter", "KeyMarker", "Marker", "NextKeyMarker", "NextMarker", "Prefix", "StartAfter"),
)
_MEMBERS_OF = {
    "CommonPrefixes": "Prefix",
    "Contents": "Key",
    "DeleteMarkers": "Key",
    "Uploads": "Key",
    "Versions": "Key",
}


def install() -> None:
    """Encode what lists keys; refuse a body that is no XML, and a key that no answer can tell."""
    for name in _LISTINGS:
        wrap(S3Response, name, _encoding_keys)
    for name in ("_bucket_response", "_key_response"):
        wrap(S3Response, name, _refusing_bad_xml)
    wrap(S3Backend, "create_multipart_upload", _refusing_untellable_keys)


def encoded(listing: dict[str, Any]) -> dict[str, Any]:
    """Return the listing as `encoding-type=url` has it. AWS writes "+" for a space, we believe:
    who decodes one decodes "%20" too.
    """
    made = {**listing, "EncodingType": "url"}
    for name in _MEMBERS:
        if made.get(name):
            made[name] = quote(made[name])
    for name, member in _MEMBERS_OF.items():
        if made.get(name):
            made[name] = [{**each, member: quote(each[member])} for each in made[name]]
    return made


def _encoding_keys(original: Original, response: S3Response) -> Any:
    if response.querystring.get("encoding-type") != ["url"]:
        return original(response)
    del response.querystring["encoding-type"]  # else moto encodes some keys as well
    serialize, this_response = response.serialized, cast(Any, response)
    this_response.serialized = lambda made: serialize(
        ActionResult(encoded(made.result)) if isinstance(made.result, dict) else made  # an error
    )
    return original(response)


def _refusing_untellable_keys(
    original: Original,
    backend: S3Backend,
    bucket_name: str,
    key_name: str,
    *more: Any,
    **named: Any,
) -> Any:
    """CreateMultipartUpload answers with the key, whatever the caller asks for.

    What AWS does with such a key is not known; what moto kept, nobody was told the id of.
    """
    if _NO_XML.search(key_name):
        raise InvalidArgumentError(
            message="An upload in parts cannot have a key with characters that XML has not: "
            "PutObject takes it",
            name="key",
            value=quote(key_name),
        )
    return original(backend, bucket_name, key_name, *more, **named)


def _refusing_bad_xml(original: Original, response: S3Response, *given: Any, **named: Any) -> Any:
    """A control character in a body, written as it is, makes the body no XML.

    https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#ErrorCodeList
    """
    try:
        return original(response, *given, **named)
    except ExpatError as error:
        raise MalformedXML from error
