"""A fake S3 with versions, delete markers and pages."""

import functools
import hashlib
import io
import itertools
import operator
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from boto3.s3.transfer import S3Transfer
from botocore import xform_name
from botocore.handlers import validate_bucket_name
from botocore.response import StreamingBody

from tests.fakes.service import (
    FakeService,
    check_shape,
    client_error,
    operation,
    operations,
    page,
)

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Version:
    """One version of an object; a delete marker has no content."""

    key: str
    version_id: str
    content: bytes | None
    written: datetime
    etag: str


class FakeS3(FakeService):
    """Buckets of versions, the newest last. ``versioned=False`` keeps only the last, as "null"."""

    service = "s3"

    def __init__(self, *buckets: str, versioned: bool = True) -> None:
        super().__init__()
        self.buckets: dict[str, dict[str, list[Version]]] = {
            name: defaultdict(list) for name in buckets
        }
        # (bucket, key, parts by their number) of each upload under way
        self.uploads: dict[str, tuple[str, str, dict[int, bytes]]] = {}
        self.versioned = versioned
        self._archived: dict[tuple[str, str], dict[str, Any]] = {}
        self._ticks = itertools.count()

    # What tests say in one word

    def upload(self, bucket: str, key: str, content: bytes = b"content") -> Version:
        """Write an object, as another process would."""
        return self._write(bucket, key, content)

    def upload_in_parts(self, bucket: str, key: str, content: bytes = b"content") -> Version:
        """Write an object whose ETag is no MD5."""
        return self._write(bucket, key, content, parts=2)

    def delete(self, bucket: str, key: str) -> None:
        """Delete an object: a delete marker where versions are kept."""
        if self.versioned:
            self._write(bucket, key, None)
        else:
            self.buckets[bucket].pop(key)

    def delete_version(self, bucket: str, key: str, version_id: str) -> None:
        """Remove one version for good, be it an object or a delete marker."""
        versions = self.buckets[bucket][key]
        versions[:] = [version for version in versions if version.version_id != version_id]

    def purge(self, bucket: str, key: str) -> None:
        """Remove all versions of an object, as a lifecycle rule may."""
        self.buckets[bucket].pop(key)

    def archive(self, bucket: str, key: str, **head: Any) -> None:
        """Let an object lie in an archive; ``head`` is what HeadObject says of that."""
        self._archived[bucket, key] = head

    def now(self) -> datetime:
        """Return the time, which goes on with every write and every question: a second each."""
        return EPOCH + timedelta(seconds=next(self._ticks))

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self._ticks = itertools.count(next(self._ticks) + seconds)

    def content(self, bucket: str, key: str) -> bytes:
        """Return the current content of an object that must be there."""
        content = self.buckets[bucket][key][-1].content
        assert content is not None
        return content

    # Operations

    @operation
    def put_object(self, **request: Any) -> dict[str, Any]:
        """``IfNoneMatch="*"`` puts a new object only; deleted ones do not count.

        ``IfMatch`` replaces the object that has this ETag only.
        """
        assert request.get("IfNoneMatch", "*") == "*"
        if "IfMatch" in request:
            current = {**request, "VersionId": None}
            self._asked_for(current, "PutObject", "PreconditionFailed")
        if "IfNoneMatch" in request and self._exists(request["Bucket"], request["Key"]):
            raise client_error("PreconditionFailed", "PutObject", status=412)
        version = self._write(request["Bucket"], request["Key"], request["Body"])
        return {"ETag": f'"{version.etag}"', "VersionId": version.version_id}

    @operation
    def get_object(self, **request: Any) -> dict[str, Any]:
        version = self._asked_for(request, "GetObject", "PreconditionFailed")
        self._refuse_if_archived(request, "GetObject", "InvalidObjectState")
        content = version.content or b""
        body = StreamingBody(io.BytesIO(content), len(content))
        return {
            "Body": body,
            "ContentLength": len(content),
            "ETag": f'"{version.etag}"',
            "LastModified": version.written,
        }

    @operation
    def head_object(self, **request: Any) -> dict[str, Any]:
        """An error has no body, so its code is the status."""
        version = self._asked_for(request, "HeadObject", "412", missing="404")
        return {
            "ContentLength": len(version.content or b""),
            "ETag": f'"{version.etag}"',
            "LastModified": version.written,
            **self._archived.get((request["Bucket"], request["Key"]), {}),
        }

    @operation
    def head_bucket(self, **request: Any) -> dict[str, Any]:
        """An error has no body, so its code is the status."""
        if request["Bucket"] not in self.buckets:
            raise client_error("404", "HeadBucket", status=404)
        return {}

    @operation
    def list_objects_v2(self, **request: Any) -> dict[str, Any]:
        bucket = self._bucket(request["Bucket"], "ListObjectsV2")
        current = [versions[-1] for _, versions in sorted(bucket.copy().items()) if versions]
        found = [
            {
                "Key": v.key,
                "ETag": f'"{v.etag}"',
                "Size": len(v.content),
                "LastModified": v.written,
            }
            for v in current
            if v.content is not None and v.key.startswith(request.get("Prefix", ""))
        ]
        start = int(request.get("ContinuationToken", 0))
        contents, after = page(found, start, self.page_size)
        response: dict[str, Any] = {"IsTruncated": after is not None, "KeyCount": len(contents)}
        if contents:
            response["Contents"] = contents
        if after is not None:
            response["NextContinuationToken"] = str(after)
        return response

    @operation
    def list_object_versions(self, **request: Any) -> dict[str, Any]:
        """Sorted by key, the newest version first; keys below ``Delimiter`` are left out."""
        rows = self._version_rows(request)
        start = next(
            (
                number + 1
                for number, (version, _) in enumerate(rows)
                if version.key == request.get("KeyMarker")
                and version.version_id == request.get("VersionIdMarker")
            ),
            0,
        )
        shown, after = page(rows, start, self.page_size)
        response: dict[str, Any] = {"IsTruncated": after is not None}
        for version, latest in shown:
            kind = "DeleteMarkers" if version.content is None else "Versions"
            response.setdefault(kind, []).append(_version_entry(version, latest))
        if after is not None:
            response["NextKeyMarker"] = shown[-1][0].key
            response["NextVersionIdMarker"] = shown[-1][0].version_id
        return response

    def copy(
        self,
        CopySource: dict[str, str],
        Bucket: str,
        Key: str,
        ExtraArgs: dict[str, str] | None = None,
        Config: Any = None,
    ) -> None:
        """Copy as boto3's managed transfer does: HeadObject first, then CopyObject."""
        validate_bucket_name(CopySource)  # before anything is sent
        extra = ExtraArgs or {}
        assert set(extra) <= set(S3Transfer.ALLOWED_COPY_ARGS)
        pin = f"?versionId={CopySource['VersionId']}" if "VersionId" in CopySource else ""
        source = f"{CopySource['Bucket']}/{quote(CopySource['Key'])}{pin}"
        request = {"Bucket": Bucket, "Key": Key, "CopySource": source, **extra}
        check_shape(request, self.operation_model("copy_object").input_shape)
        condition = {"IfMatch": extra["CopySourceIfMatch"]} if "CopySourceIfMatch" in extra else {}
        self.head_object(**CopySource, **condition)
        self.let_others_in("CopyObject")
        self.calls.append(("CopyObject", request))
        self.refuse_if_told("CopyObject")
        version = self._asked_for({**CopySource, **condition}, "CopyObject", "PreconditionFailed")
        self._refuse_if_archived(CopySource, "CopyObject", "ObjectNotInActiveTierError")
        self._write(Bucket, Key, version.content)

    def copy_object(self, **request: Any) -> dict[str, Any]:
        source = self._copied_from(request, "CopyObject")
        version = self._write(request["Bucket"], request["Key"], source.content)
        return {"CopyObjectResult": {"ETag": f'"{version.etag}"'}}

    @operation
    def create_multipart_upload(self, **request: Any) -> dict[str, Any]:
        upload = f"upload-{next(self._ticks)}"
        self.uploads[upload] = (request["Bucket"], request["Key"], {})
        return {"UploadId": upload}

    def upload_part_copy(self, **request: Any) -> dict[str, Any]:
        source = self._copied_from(request, "UploadPartCopy")
        first, last = request["CopySourceRange"].removeprefix("bytes=").split("-")
        assert source.content is not None
        part = source.content[int(first) : int(last) + 1]
        self._upload(request, "UploadPartCopy")[request["PartNumber"]] = part
        return {"CopyPartResult": {"ETag": f'"{_digest(part)}"'}}

    @operation
    def list_multipart_uploads(self, **request: Any) -> dict[str, Any]:
        prefix = request.get("Prefix", "")
        found = [
            {"Key": key, "UploadId": upload}
            for upload, (bucket, key, _) in self.uploads.items()
            if bucket == request["Bucket"] and key.startswith(prefix)
        ]
        return {"Uploads": found, "IsTruncated": False}

    @operation
    def list_parts(self, **request: Any) -> dict[str, Any]:
        parts = sorted(self._upload(request, "ListParts").items())
        shown = [part for part in parts if part[0] > int(request.get("PartNumberMarker", 0))]
        listed = [
            {"PartNumber": number, "ETag": f'"{_digest(part)}"', "Size": len(part)}
            for number, part in shown[: self.page_size]
        ]
        more = len(shown) > self.page_size
        after = {"NextPartNumberMarker": listed[-1]["PartNumber"]} if more else {}
        return {"Parts": listed, "IsTruncated": more, **after}

    @operation
    def complete_multipart_upload(self, **request: Any) -> dict[str, Any]:
        parts = self._upload(request, "CompleteMultipartUpload")
        listed = request["MultipartUpload"]["Parts"]
        assert [part["PartNumber"] for part in listed] == sorted(parts), "all parts, in order"
        assert all(part["ETag"] == f'"{_digest(parts[part["PartNumber"]])}"' for part in listed)
        content = functools.reduce(operator.add, (parts[number] for number in sorted(parts)))
        del self.uploads[request["UploadId"]]
        version = self._write(request["Bucket"], request["Key"], content, parts=len(parts))
        return {"ETag": f'"{version.etag}"', "VersionId": version.version_id}

    # How it is kept

    def _refuse_if_archived(self, request: dict[str, Any], operation_name: str, code: str) -> None:
        head = self._archived.get((request["Bucket"], request["Key"]))
        if head is not None and 'ongoing-request="false"' not in head.get("Restore", ""):
            raise client_error(code, operation_name, status=403)

    def _copied_from(self, request: dict[str, Any], name: str) -> Version:
        """Check and record a copy; return what it copies. boto3 makes one text of the source."""
        source = request["CopySource"]
        assert set(source) <= {"Bucket", "Key", "VersionId"}
        pin = f"?versionId={source['VersionId']}" if "VersionId" in source else ""
        sent = request | {"CopySource": f"{source['Bucket']}/{quote(source['Key'])}{pin}"}
        check_shape(sent, operations("s3")[xform_name(name)].input_shape)
        self.let_others_in(name)
        self.calls.append((name, sent))
        self.refuse_if_told(name)
        condition = {"IfMatch": request["CopySourceIfMatch"]}
        found = self._asked_for({**source, **condition}, name, "PreconditionFailed")
        self._refuse_if_archived(source, name, "ObjectNotInActiveTierError")
        return found

    def _upload(self, request: dict[str, Any], operation_name: str) -> dict[int, bytes]:
        """Return the parts of the upload that the request names."""
        if request["UploadId"] not in self.uploads:
            raise client_error("NoSuchUpload", operation_name, status=404)
        bucket, key, parts = self.uploads[request["UploadId"]]
        assert (bucket, key) == (request["Bucket"], request["Key"])
        return parts

    def _bucket(self, name: str, operation_name: str) -> dict[str, list[Version]]:
        if name not in self.buckets:
            raise client_error("NoSuchBucket", operation_name, status=404)
        return self.buckets[name]

    def _exists(self, bucket: str, key: str) -> bool:
        versions = self._bucket(bucket, "PutObject").get(key, [])
        return bool(versions) and versions[-1].content is not None

    def _asked_for(
        self, request: dict[str, Any], operation_name: str, unequal: str, missing: str = ""
    ) -> Version:
        """Return the version that the request names, the current one where it names none."""
        asked = request.get("VersionId")
        versions = self._bucket(request["Bucket"], operation_name).get(request["Key"], [])
        found = [v for v in versions if v.version_id == asked] if asked else versions[-1:]
        if not found or found[0].content is None:
            code = missing or ("NoSuchVersion" if asked else "NoSuchKey")
            raise client_error(code, operation_name, status=404)
        if request.get("IfMatch", found[0].etag).strip('"') != found[0].etag:
            raise client_error(unequal, operation_name, status=412)
        return found[0]

    def _write(self, bucket: str, key: str, content: bytes | None, parts: int = 0) -> Version:
        tick = next(self._ticks)
        etag = _digest(content or b"") + (f"-{parts}" if parts else "")
        version_id = f"v{tick}" if self.versioned else "null"
        version = Version(key, version_id, content, EPOCH + timedelta(seconds=tick), etag)
        versions = self.buckets[bucket][key]
        versions[:] = [*versions, version] if self.versioned else [version]
        return version

    def _version_rows(self, request: dict[str, Any]) -> list[tuple[Version, bool]]:
        bucket = self._bucket(request["Bucket"], "ListObjectVersions")
        prefix, delimiter = request.get("Prefix", ""), request.get("Delimiter")
        return [
            (version, version is versions[-1])
            for key, versions in sorted(bucket.copy().items())
            if key.startswith(prefix) and not (delimiter and delimiter in key[len(prefix) :])
            for version in reversed(versions)
        ]


def _digest(content: bytes) -> str:
    return hashlib.md5(bytes(content)).hexdigest()


def _version_entry(version: Version, latest: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "Key": version.key,
        "VersionId": version.version_id,
        "IsLatest": latest,
        "LastModified": version.written,
    }
    if version.content is not None:
        entry |= {"ETag": f'"{version.etag}"', "Size": len(version.content)}
    return entry
