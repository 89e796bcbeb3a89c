"""Copies of many objects within S3, made at once, and in as many calls as they need.

A Lambda has 15 minutes, and a request copies some 100 MB a second, we believe: AWS names no figure.
So the objects, and the parts of the large ones, are copied beside each other. The call ends in time
if they are more, and the next one goes on: an object that is there in its size stays, and so do the
parts of an upload that is under way.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.boundary import archives
from lambdas.boundary.s3_objects import GONE, error_code, split_uri, this_version
from lambdas.data_sets.data_sets import ObjectVersion
from lambdas.errors import ArchivedDataError, DataSetChangedError, UnfinishedCopyError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

log = logging.getLogger(__name__)

# From this size on an object is copied in parts of this size, of which S3 takes so many at most:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
PART_BYTES = 256 * 1024**2
MOST_PARTS = 10_000
AT_ONCE = 32  # requests; app.py gives the client as many connections
# The most that a Lambda may take: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
LONGEST_CALL_SECONDS = 900
# Nothing is begun in a call's last seconds: a part that S3 copies at 5 MB a second still ends.
LAST_SECONDS = 60.0


@dataclass(frozen=True)
class _Copy:
    """An object version, and the key that its copy gets."""

    bucket: str
    version: ObjectVersion
    target_bucket: str
    target_key: str

    @property
    def target(self) -> dict[str, Any]:
        return {"Bucket": self.target_bucket, "Key": self.target_key}

    @property
    def source(self) -> dict[str, Any]:
        """The version; its ETag holds the content fast if the bucket has no versions."""
        named = {"Key": self.version.key, **this_version(self.version.version_id)}
        return {
            "CopySource": {"Bucket": self.bucket, **named},
            "CopySourceIfMatch": f'"{self.version.etag}"',
        }

    def ranges(self, part_bytes: int) -> dict[int, str]:
        """Return the bytes of each part, by its number: the same ones in every call."""
        size = self.version.size
        length = max(part_bytes, -(-size // MOST_PARTS))
        starts = enumerate(range(0, size, length), start=1)
        return {
            number: f"bytes={start}-{min(start + length, size) - 1}" for number, start in starts
        }


def _threads() -> Executor:
    return ThreadPoolExecutor(AT_ONCE)


@dataclass(frozen=True)
class Copier:
    """Copies object versions; ``seconds_left`` says how long the caller may still work."""

    s3: "S3Client"
    seconds_left: Callable[[], float]
    part_bytes: int = PART_BYTES
    pool: Callable[[], Executor] = _threads

    def copy(self, bucket: str, versions: Mapping[str, ObjectVersion], prefix_uri: str) -> None:
        """Copy each version of ``bucket`` to ``prefix_uri`` and the name that it stands under.

        Nobody else writes below the prefix, and a name always stands for the same version: then
        what is there in the version's size is its copy.

        Raises UnfinishedCopyError if the time is nearly over, DataSetChangedError if a version is
        gone, and ArchivedDataError if one has to be restored. What was copied by then stays.
        """
        target, prefix = split_uri(prefix_uri)
        there = self._sizes(target, prefix)
        copies = [_Copy(bucket, each, target, prefix + name) for name, each in versions.items()]
        missing = [each for each in copies if there.get(each.target_key) != each.version.size]
        size = sum(each.version.size for each in missing)
        log.info("copying", extra={"objects": len(missing), "of": len(copies), "bytes": size})
        large = [each for each in missing if each.version.size >= self.part_bytes]
        uploads = self._uploads(target, prefix) if large else {}
        with self.pool() as pool:
            try:
                begun = [self._begin(pool, each, uploads) for each in missing]
                for finish in begun:
                    finish()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise

    def _begin(
        self, pool: Executor, copy: _Copy, uploads: Mapping[str, str]
    ) -> Callable[[], object]:
        """Hand a copy's requests to the pool; what is returned waits for them, and ends the copy.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/CopyingObjectsMPUapi.html
        """
        if copy.version.size < self.part_bytes:
            return pool.submit(self._copy_whole, copy).result
        upload = uploads.get(copy.target_key) or self._create_upload(copy)
        parts = self._parts(copy, upload) if copy.target_key in uploads else {}
        under_way = {
            number: pool.submit(self._copy_part, copy, upload, number, asked)
            for number, asked in copy.ranges(self.part_bytes).items()
            if number not in parts
        }

        def finish() -> None:
            copied = parts | {number: part.result() for number, part in under_way.items()}
            self._complete(copy, upload, copied)

        return finish

    def _copy_whole(self, copy: _Copy) -> None:
        with self._in_time(copy):
            # Tags stay behind: copying them would need permissions that nothing else here does.
            self.s3.copy_object(**copy.target, **copy.source, TaggingDirective="REPLACE")

    def _create_upload(self, copy: _Copy) -> str:
        with self._in_time(copy):
            return self.s3.create_multipart_upload(**copy.target)["UploadId"]

    def _copy_part(self, copy: _Copy, upload: str, number: int, asked: str) -> str:
        """Return the part's ETag."""
        with self._in_time(copy):
            answer = self.s3.upload_part_copy(
                **copy.target,
                **copy.source,
                CopySourceRange=asked,
                UploadId=upload,
                PartNumber=number,
            )
        return answer["CopyPartResult"]["ETag"]

    def _complete(self, copy: _Copy, upload: str, parts: Mapping[int, str]) -> None:
        listed: Any = [{"PartNumber": number, "ETag": parts[number]} for number in sorted(parts)]
        with self._in_time(copy):
            self.s3.complete_multipart_upload(
                **copy.target, UploadId=upload, MultipartUpload={"Parts": listed}
            )

    def _sizes(self, bucket: str, prefix: str) -> dict[str, int]:
        """Return the size of each object below the prefix."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        return {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", ())}

    def _uploads(self, bucket: str, prefix: str) -> dict[str, str]:
        """Return the upload under way for each key: the last that is listed, if there are more."""
        pages = self.s3.get_paginator("list_multipart_uploads")
        found = pages.paginate(Bucket=bucket, Prefix=prefix)
        return {item["Key"]: item["UploadId"] for page in found for item in page.get("Uploads", ())}

    def _parts(self, copy: _Copy, upload: str) -> dict[int, str]:
        """Return the ETag of each part that is there."""
        pages = self.s3.get_paginator("list_parts").paginate(**copy.target, UploadId=upload)
        with self._in_time(copy):
            return {
                item["PartNumber"]: item["ETag"] for page in pages for item in page.get("Parts", ())
            }

    @contextmanager
    def _in_time(self, copy: _Copy) -> Iterator[None]:
        """Let a request be made if there is time for it, and say what its failure means."""
        if self.seconds_left() < LAST_SECONDS:
            raise UnfinishedCopyError(
                f"the time is nearly over, and s3://{copy.target_bucket}/{copy.target_key} is not "
                "the last one to be copied: the next attempt goes on from here"
            )
        try:
            yield
        except ClientError as error:
            version, code = copy.version, error_code(error)
            if code == "NoSuchUpload":  # another attempt, which is still at work, has ended it
                raise UnfinishedCopyError(f"{copy.target_key}: {error}") from error
            if code in archives.REFUSALS:
                why = archives.refusal(self.s3, copy.bucket, version.key, version.version_id)
                raise ArchivedDataError(why) from error
            if code not in GONE:
                raise
            raise DataSetChangedError(
                f"version {version.version_id} of s3://{copy.bucket}/{version.key} with ETag "
                f"{version.etag} is gone: it was deleted or replaced while the run was prepared; "
                "start again without a fingerprint"
            ) from error
