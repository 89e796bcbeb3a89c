"""How a job's data comes from S3 and goes back there."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from local_aws.iam import clients
from local_aws.iam.sessions import Session
from local_aws.s3 import handover

_ATTEMPTS = 5
ALL = slice(None)
_BROKEN_OFF = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)


class TransferError(Exception):
    """Data could not be brought from S3 or to S3; the text says which and why."""


class TransferDeniedError(TransferError):
    """The job's role may not do it."""


@dataclass(frozen=True)
class S3Uri:
    """`s3://bucket/key`, where the key may be a prefix or empty."""

    bucket: str
    key: str

    @classmethod
    def parse(cls, text: str) -> "S3Uri":
        """Raises TransferError for text that is no S3 URI."""
        scheme, separator, rest = text.partition("://")
        bucket, _, key = rest.partition("/")
        if scheme != "s3" or not separator or not bucket:
            raise TransferError(f"{text!r} is not of the form s3://bucket/key")
        return cls(bucket, key)

    def __truediv__(self, name: str) -> "S3Uri":
        key = f"{self.key.rstrip('/')}/{name}" if self.key else name
        return S3Uri(self.bucket, key)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


class Transfer:
    """Objects to files and back, over the endpoint that every other client uses too, and with the
    rights of a job's role. The bytes themselves are handed over as files.
    """

    def __init__(self, endpoint: str, region: str, session: Session) -> None:
        config = Config(
            max_pool_connections=32,
            # What SageMaker does is not documented; boto3's three would fail a job now and then.
            retries={"mode": "standard", "max_attempts": 10},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",  # the body is no object's
        )
        self._s3 = clients.client("s3", session, endpoint, region, config)
        handover.use_tickets(self._s3)

    def keys(self, uri: S3Uri) -> list[str]:
        """Return all keys that start with the URI's, without those that only mark a folder."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(
            Bucket=uri.bucket, Prefix=uri.key
        )
        try:
            found = [item["Key"] for page in pages for item in page.get("Contents", [])]
        except (BotoCoreError, ClientError) as error:
            raise _problem(error, f"ListObjectsV2 failed for {uri}: {error}") from error
        return [key for key in found if not key.endswith("/")]

    def download(self, uri: S3Uri, target: Path) -> None:
        """Write the object to the file `target`, whole or not at all."""
        partial = target.with_name(f".{target.name}.partial")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._fetch(uri, partial)
            partial.replace(target)
        except (BotoCoreError, ClientError, OSError) as error:
            partial.unlink(missing_ok=True)
            raise _problem(error, f"{uri}: {error}") from error

    def _fetch(self, uri: S3Uri, target: Path) -> None:
        """Write the object's bytes, from the start again if they break off.

        botocore repeats a request and compares lengths, but does not repeat the reading.
        """
        for tries_left in reversed(range(_ATTEMPTS)):
            answer = self._s3.get_object(Bucket=uri.bucket, Key=uri.key)
            try:
                with Path(os.fsdecode(answer["Body"].read())).open("rb") as file:
                    handover.copy(file, target)
                return
            except (*_BROKEN_OFF, FileNotFoundError):  # FileNotFoundError: overwritten just now
                if not tries_left:
                    raise

    def upload(self, source: Path, uri: S3Uri) -> None:
        """Put the file; FileNotFoundError if it is no longer there."""
        try:
            with source.open("rb") as file:
                # Not its name: a checkpoint may be deleted before S3 gets to it.
                offered = f"/dev/fd/{file.fileno()}".encode()
                self._s3.put_object(Bucket=uri.bucket, Key=uri.key, Body=offered)
        except (BotoCoreError, ClientError) as error:
            raise _problem(error, f"{uri}: {error}") from error

    def delete(self, uri: S3Uri) -> None:
        """Delete the object if there is one."""
        try:
            self._s3.delete_object(Bucket=uri.bucket, Key=uri.key)
        except (BotoCoreError, ClientError) as error:
            raise _problem(error, f"{uri}: {error}") from error


def _problem(error: Exception, text: str) -> TransferError:
    denied = isinstance(error, ClientError) and error.response["Error"]["Code"] == "AccessDenied"
    return TransferDeniedError(text) if denied else TransferError(text)


def download_prefix(transfer: Transfer, uri: S3Uri, folder: Path, share: slice = ALL) -> list[Path]:
    """Bring every object whose key starts with the URI's below `folder`; return the files.

    `share` is which of the objects, in the order of their keys, one of several hosts gets.
    The part of a key after the prefix names the file: for `s3://b/data`, the object `data/a/x` is
    written to `a/x`. A prefix that is a whole key gives one file named by the key's last part.
    """
    files = []
    for key in transfer.keys(uri)[share]:
        target = folder / relative_name(key, uri.key)
        transfer.download(S3Uri(uri.bucket, key), target)
        files.append(target)
    return files


def relative_name(key: str, prefix: str) -> str:
    """Return the name of the file for an object found under the prefix.

    Raises TransferError for a key that would leave the folder.
    """
    if key == prefix:
        name = PurePosixPath(key).name
    elif prefix.endswith("/") or key.startswith(f"{prefix}/"):
        name = key.removeprefix(prefix)
    else:  # the prefix ends within a name: `data/part-` also finds `data/part-1/x`
        name = key[prefix.rfind("/") + 1 :]
    parts = [part for part in name.split("/") if part]
    if not parts or key.endswith("/") or {".", ".."} & set(parts) or "\0" in name:
        raise TransferError(f"the key {key!r} names no file below {prefix!r}")
    return "/".join(parts)


def upload_folder(transfer: Transfer, folder: Path, uri: S3Uri) -> int:
    """Put every file below `folder` under the URI; return how many there were."""
    count = 0
    for path in files_below(folder):
        transfer.upload(path, uri / path.relative_to(folder).as_posix())
        count += 1
    return count


def files_below(folder: Path) -> Iterator[Path]:
    """Yield the regular files below the folder, links left aside: they may lead out of it."""
    for parent, _, names in os.walk(folder):
        for name in sorted(names):
            path = Path(parent, name)
            if path.is_file() and not path.is_symlink():
                yield path
