"""Copies within S3: conditions on the source, and parts of uploads that are not there any more.

What this restores of AWS's behaviour, where moto 5.2 differs:

- The conditions on the source, ETags and dates, hold for CopyObject and for UploadPartCopy; of the
  four moto knows one, for CopyObject.
  https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
- A source that is not there is NoSuchKey, or NoSuchVersion; for parts moto answers without a body.
- An upload that was ended or never begun is NoSuchUpload; moto fails with HTTP 500.
- ListParts goes on behind the number that the page before ended with; moto counts parts instead.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlparse

from moto.core.utils import str_to_rfc_1123_datetime
from moto.s3.exceptions import MissingKey, MissingVersion, NoSuchUpload, PreconditionFailed
from moto.s3.models import FakeKey, FakeMultipart, S3Backend
from moto.s3.responses import S3Response

from local_aws.wrapping import Original, replace, wrap

_CONDITION = "x-amz-copy-source-if-"


def install() -> None:
    """Hold copies to their conditions, and uploads to their ids."""
    for name in ("copy_object", "upload_part_copy"):
        wrap(S3Response, name, _if_the_source_matches)
    for name in ("upload_part", "upload_part_copy", "complete_multipart_upload"):
        wrap(S3Backend, name, _of_an_upload_that_is_there)
    replace(FakeMultipart, list_parts=list_parts)
    replace(S3Backend, is_truncated=is_truncated)


def list_parts(upload: FakeMultipart, part_number_marker: int, max_parts: int) -> Iterator[FakeKey]:
    """Yield the parts whose numbers are above the marker."""
    numbers = [number for number in upload.partlist if number > part_number_marker]
    for number in numbers[:max_parts]:
        yield upload.parts[number]


def is_truncated(
    backend: S3Backend, bucket_name: str, multipart_id: str, next_part_number_marker: int
) -> bool:
    """Tell whether there are parts behind the marker."""
    upload = backend.get_bucket(bucket_name).multiparts[multipart_id]
    return any(number > next_part_number_marker for number in upload.partlist)


def _if_the_source_matches(original: Original, response: S3Response, *given: Any) -> Any:
    source = response.headers["x-amz-copy-source"]
    parsed = urlparse(source.decode() if isinstance(source, bytes) else source)
    bucket, key = unquote(parsed.path).lstrip("/").split("/", 1)
    version = parse_qs(parsed.query).get("versionId", [None])[0]
    found = response.backend.get_object(bucket, key, version_id=version)
    if found is None:
        raise MissingKey(key=key) if version is None else MissingVersion(key, version)
    _check_source(response.headers, found)
    return original(response, *given)


def _check_source(headers: Any, source: FakeKey) -> None:
    """An ETag that holds outweighs a date that does not, and the other way round.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
    """
    etag, modified = source.etag.strip('"'), source.last_modified.replace(microsecond=0)

    def asked(name: str) -> str | None:
        value: str | None = headers.get(f"{_CONDITION}{name}")
        return value.strip('"') if value is not None else None

    def date(name: str) -> datetime | None:
        text = asked(name)
        return str_to_rfc_1123_datetime(text) if text else None

    since, until = date("modified-since"), date("unmodified-since")
    match, none_match = asked("match"), asked("none-match")
    if match is not None:
        if match != etag:
            raise PreconditionFailed(f"{_CONDITION}match")
    elif until is not None and modified > until:
        raise PreconditionFailed(f"{_CONDITION}unmodified-since")
    if none_match == etag:
        raise PreconditionFailed(f"{_CONDITION}none-match")
    if none_match is None and since is not None and modified <= since:
        raise PreconditionFailed(f"{_CONDITION}modified-since")


def _of_an_upload_that_is_there(
    original: Original,
    backend: S3Backend,
    bucket_name: str,
    multipart_id: str,
    *given: Any,
    **named: Any,
) -> Any:
    if multipart_id not in backend.get_bucket(bucket_name).multiparts:
        raise NoSuchUpload(upload_id=multipart_id)
    return original(backend, bucket_name, multipart_id, *given, **named)
