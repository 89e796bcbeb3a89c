"""Files on their way from a browser to S3.

A file is first written to disk whole: so nothing is held in memory, one that breaks off never
reaches the bucket, and it is sent as `retrain upload` sends it. An ETag depends on the parts that a
file was sent in, and on ETags whether a step's result is reused (docs/reuse.md).
"""

import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from lambdas.data_sets import data_sets
from lambdas.data_sets.manifest import MOST_FILES, repeated, same_name
from operations.data_sets.upload import ONE_PUT, check_file_name
from operations.errors import InputError
from operations.executions import observer
from state_machine.names import DATASET_PREFIX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

GIB = 1024**3
LARGEST_FILE = 20 * GIB
LARGEST_SET = 50 * GIB
MOST = MOST_FILES + 1  # the manifest itself
MOST_STARTED = 20


class TooLargeError(InputError):
    """A file is larger than what is taken, or than the disk has room for."""


@dataclass
class Spooled:
    """A file on disk, deleted when it is closed; `size` in bytes."""

    size: int = 0
    file: IO[bytes] = field(default_factory=tempfile.TemporaryFile)

    def close(self) -> None:
        """Give the disk back."""
        self.file.close()


@dataclass(frozen=True)
class Started:
    """An execution that an upload has started."""

    name: str
    status: str


@dataclass(frozen=True)
class Chosen:
    """A file that somebody wants to upload."""

    name: str
    size: int


def check(dataset: str, chosen: Sequence[Chosen]) -> None:
    """Raises InputError where the data set's name, a file's name or a size will not do."""
    if not chosen:
        raise InputError("There is no file in it", "choose the data set's files, or their folder")
    if len(chosen) > MOST:
        raise InputError(f"Found {len(chosen)} files, expected at most {MOST}")
    for file in chosen:
        check_names(dataset, file.name)
        check_size(file.size, file.name)
    if twice := repeated([file.name for file in chosen]):
        raise InputError(f"Found {twice[0]!r} in two folders: a data set is one folder")
    total = sum(file.size for file in chosen)
    if total > LARGEST_SET:
        raise TooLargeError(f"Together they have {total:,} bytes, expected at most {LARGEST_SET:,}")


def check_names(dataset: str, file: str) -> None:
    """Raises InputError unless both can be parts of a key, as the Lambdas check them."""
    if problem := name_problem(dataset):
        raise InputError(problem)
    check_file_name(file)


def name_problem(dataset: str) -> str:
    """Why a data set cannot have that name; empty if it can."""
    problem = data_sets.name_problem(dataset)
    return problem[:1].upper() + problem[1:]


def check_size(size: int, file: str) -> None:
    """Raises TooLargeError where the file would not fit."""
    if size > LARGEST_FILE:
        raise TooLargeError(f"{file} has {size:,} bytes, expected at most {LARGEST_FILE:,}")
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if size > free:
        raise TooLargeError(
            f"{file} has {size:,} bytes, and {tempfile.gettempdir()} has room for {free:,}",
            "`retrain upload` needs none",
        )


async def spool(chunks: AsyncIterator[bytes], announced: int, file: str) -> Spooled:
    """Write what comes in to disk. Raises InputError where it is not as long as was announced."""
    check_size(announced, file)
    spooled = Spooled()
    try:
        async for chunk in chunks:
            spooled.size += len(chunk)
            if spooled.size > announced:
                break
            await run_in_threadpool(spooled.file.write, chunk)
        if spooled.size != announced:
            raise InputError(f"{file} broke off, or has not the {announced:,} bytes announced")
        await run_in_threadpool(spooled.file.seek, 0)
    except BaseException:
        spooled.close()
        raise
    return spooled


def put(s3: "S3Client", bucket: str, dataset: str, file: str, spooled: Spooled) -> None:
    """Send a file to S3, as `retrain upload` does. Raises InputError where a name will not do."""
    check_names(dataset, file)
    key = f"{DATASET_PREFIX}{dataset}/{same_name(file)}"
    s3.upload_fileobj(spooled.file, bucket, key, Config=ONE_PUT)


def chosen_of(found: Any) -> list[Chosen]:
    """What a browser says was chosen. Raises InputError where that is not a list of files."""
    try:
        return [Chosen(str(file["name"]), int(file["size"])) for file in found]
    except (KeyError, TypeError, ValueError):
        raise InputError("The browser named no files") from None


def started(
    states: "SFNClient", machine: str, dataset: str, known: Collection[str]
) -> tuple[Started, ...]:
    """The executions on the data set that are not among the `known` ARNs, the newest first.

    Files that take the place of others may start several: all but the last end as superseded.
    """
    new = [arn for arn in observer.executions(states, machine) if arn not in known]
    found = [states.describe_execution(executionArn=arn) for arn in new[:MOST_STARTED]]
    return tuple(
        Started(execution["name"], execution["status"])
        for execution in found
        if _dataset(execution.get("input", "")) == dataset
    )


def _dataset(execution_input: str) -> object:
    try:
        return json.loads(execution_input).get("dataset")
    except (ValueError, AttributeError):
        return None
