"""Whether all is well: the AWS that is talked to, failed events, and what the runs' files take."""

import os
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from console.account import Account
from operations.failed_events.queue import FailedEvents

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RUNS = "runs/"


@dataclass(frozen=True)
class Connection:
    """The AWS that the console talks to; of one that does not answer `problem` says why.

    `identity` is empty until it has answered. `milliseconds` is how long the answer took, `server`
    what it calls itself.
    """

    embedded: bool
    endpoint: str
    account: str
    region: str
    identity: str = ""
    server: str = ""
    milliseconds: float = 0.0
    problem: str = ""

    @property
    def asked(self) -> bool:
        """Whether it is known yet if it answers."""
        return bool(self.identity or self.problem)


@dataclass(frozen=True)
class Folder:
    """A prefix of the bucket: how many objects it has, their bytes, and the newest one's time."""

    name: str
    objects: int
    size: int
    written: datetime


@dataclass(frozen=True)
class DiskUse:
    """What the current versions of the bucket's objects take, the largest first."""

    measured: datetime
    runs: tuple[Folder, ...]
    rest: tuple[Folder, ...]

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(folder.size for folder in (*self.runs, *self.rest))


def before_asking(account: Account) -> Connection:
    """What is known of the AWS without asking it."""
    names = account.stage.names
    return Connection(
        embedded=account.embedded,
        endpoint=os.environ.get("AWS_ENDPOINT_URL", ""),
        account=names.account,
        region=names.region,
    )


def connection(account: Account) -> Connection:
    """Ask who one is, which every AWS answers."""
    known = before_asking(account)
    began = time.monotonic()
    try:
        answer = account.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        return replace(known, problem=str(error))
    return replace(
        known,
        identity=answer["Arn"],
        server=answer["ResponseMetadata"]["HTTPHeaders"].get("server", ""),
        milliseconds=(time.monotonic() - began) * 1000,
    )


def kept_events(account: Account) -> int:
    """About how many events are kept, without reading them."""
    return FailedEvents(account.client("sqs"), account.stage.names).about()


def disk_use(s3: "S3Client", bucket: str) -> DiskUse:
    """List the whole bucket, 1,000 objects a call."""
    found: dict[str, list[tuple[int, datetime]]] = defaultdict(list)
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    for item in (item for page in pages for item in page.get("Contents", ())):
        found[_folder(item["Key"])].append((item["Size"], item["LastModified"]))
    folders = [
        Folder(name, len(objects), sum(size for size, _ in objects), max(at for _, at in objects))
        for name, objects in found.items()
    ]
    folders.sort(key=lambda folder: (-folder.size, folder.name))
    return DiskUse(
        datetime.now(UTC),
        tuple(folder for folder in folders if folder.name.startswith(RUNS)),
        tuple(folder for folder in folders if not folder.name.startswith(RUNS)),
    )


class Measured:
    """The newest measurement, which all pages share: one takes a call for every 1,000 objects."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._lock = Lock()
        self.newest: DiskUse | None = None

    def measure(self) -> DiskUse:
        """Measure now; two who ask at once wait for one another."""
        with self._lock:
            self.newest = disk_use(self._account.client("s3"), self._account.stage.names.bucket)
            return self.newest


def _folder(key: str) -> str:
    first, slash, rest = key.partition("/")
    if f"{first}/" == RUNS and "/" in rest:
        return f"{RUNS}{rest.partition('/')[0]}"
    return f"{first}{slash}"
