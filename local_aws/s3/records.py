"""The messages that S3 sends about an object.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

import secrets
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
REASONS = {
    "ObjectCreated:Put": "PutObject",
    "ObjectCreated:Post": "POST Object",
    "ObjectCreated:Copy": "CopyObject",
    "ObjectRemoved:Delete": "DeleteObject",
    "ObjectRemoved:DeleteMarkerCreated": "DeleteObject",
}
DELETIONS = {"Delete": "Permanently Deleted", "DeleteMarkerCreated": "Delete Marker Created"}
# Which members each event has: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
# Those of direct notifications are recorded from AWS in so far as they are the same.
_CREATED, _REMOVED = ("size", "etag", "version-id", "sequencer"), ("version-id", "sequencer")
_MARKED = ("etag", "version-id", "sequencer")
_OF_METADATA = ("etag", "version-id")  # ACLs and tags
EMPTY_ETAG = "d41d8cd98f00b204e9800998ecf8427e"  # which a delete marker has
_DIRECT = {"etag": "eTag", "version-id": "versionId"}  # as they are named for Lambda, SQS and SNS
PRINCIPAL = "AWS:AIDAEMBEDDEDAWSLOCAL"


class _Sequence:
    """Hexadecimal numbers that grow with every event, across restarts too."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    def next(self) -> str:
        with self._lock:
            self._last = max(self._last + 1, time.time_ns())
            return f"{self._last:018X}"


_sequence = _Sequence()


@dataclass(frozen=True)
class ObjectEvent:
    """One event, with the object as it was when it happened. `name` is as in `ObjectCreated:Put`.

    `version_id` is None in a bucket without versions; `size` is in bytes, and without meaning when
    the object was removed, like `etag` where no delete marker was created.
    """

    name: str
    account: str
    region: str
    bucket: str
    key: str
    size: int
    etag: str
    version_id: str | None
    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    sequencer: str = field(default_factory=_sequence.next)
    request_id: str = field(default_factory=lambda: secrets.token_hex(8).upper())

    def __str__(self) -> str:
        return f"{self.name} of {self.key}"

    @property
    def bucket_arn(self) -> str:
        """The ARN of the bucket."""
        return f"arn:aws:s3:::{self.bucket}"

    def notification(self, configuration_id: str) -> dict[str, Any]:
        """Return the message for Lambda, SQS and SNS."""
        bucket = {
            "name": self.bucket,
            "ownerIdentity": {"principalId": self.account},
            "arn": self.bucket_arn,
        }
        record = {
            "eventVersion": _version(self.name),
            "eventSource": "aws:s3",
            "awsRegion": self.region,
            "eventTime": _iso(self.time),
            "eventName": self.name,
            "userIdentity": {"principalId": PRINCIPAL},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {
                "x-amz-request-id": self.request_id,
                "x-amz-id-2": secrets.token_urlsafe(48),
            },
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": configuration_id,
                "bucket": bucket,
                "object": self._object(),
            },
        }
        return {"Records": [record]}

    def event_bridge_detail(self) -> dict[str, Any]:
        """Return the detail of the message for EventBridge."""
        cause, _, how = self.name.partition(":")
        reason = {"reason": REASONS.get(self.name, how)}
        return {
            "version": "0",
            "bucket": {"name": self.bucket},
            "object": {"key": self.key, **self._described},
            "request-id": self.request_id,
            "requester": self.account,
            "source-ip-address": "127.0.0.1",
            **(reason if cause in {"ObjectCreated", "ObjectRemoved"} else {}),
            **({"deletion-type": DELETIONS[how]} if cause == "ObjectRemoved" else {}),
        }

    @property
    def _described(self) -> dict[str, Any]:
        """What is told of the object, under EventBridge's names."""
        all_of_it = {
            "size": self.size,
            "etag": self.etag,
            "version-id": self.version_id,
            "sequencer": self.sequencer,
        }
        told: tuple[str, ...]
        match self.name.split(":"):
            case ["ObjectAcl" | "ObjectTagging", _]:
                told = _OF_METADATA
            case ["ObjectRemoved", how]:
                told = _MARKED if how == "DeleteMarkerCreated" else _REMOVED
            case _:
                told = _CREATED
        return {name: all_of_it[name] for name in told if all_of_it[name] is not None}

    def _object(self) -> dict[str, Any]:
        # Form-encoded, but for the slashes: "a b/c+d" is sent as "a+b/c%2Bd".
        named = {_DIRECT.get(name, name): value for name, value in self._described.items()}
        return {"key": quote_plus(self.key, safe="/"), **named}


def test_event(bucket: str) -> dict[str, str]:
    """Return what S3 sends to a queue or topic when the bucket's configuration is set."""
    return {
        "Service": "Amazon S3",
        "Event": "s3:TestEvent",
        "Time": _iso(datetime.now(UTC)),
        "Bucket": bucket,
        "RequestId": secrets.token_hex(8).upper(),
        "HostId": secrets.token_urlsafe(48),
    }


def _version(name: str) -> str:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html"""
    return "2.3" if name.startswith(("ObjectAcl:", "ObjectTagging:")) else "2.1"


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
