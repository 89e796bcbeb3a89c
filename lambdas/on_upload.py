"""The trigger: S3 tells of changed objects, and each complete data set among them is started once.

An object that is removed may leave a complete data set behind: a version that was put by mistake, a
delete marker, a manifest that was wrong.

S3 tells at least once, in any order, several objects at a time
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html), so what a record
says is only a hint: what counts is what the bucket holds now. So a late record of an older version
is a duplicate like any other, and no sequencer needs comparing.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote_plus

from aws_lambda_powertools.utilities.data_classes.s3_event import S3EventRecord
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.boundary import events
from lambdas.boundary.text import shown
from lambdas.data_sets.data_sets import DataSet, DataSets, name_problem
from lambdas.runs.executions import Start, start_on_upload
from lambdas.runs.ledger import Ledger
from lambdas.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

log = logging.getLogger(__name__)

Outcome = dict[str, Any]

# What the bucket is to tell of: all that changes which versions are a data set's current ones. A
# delete marker is an ObjectRemoved; what a lifecycle rule removes is not, but an event of its own.
# Restoring an object from an archive changes no version: it was listed all the while.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
EVENTS = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*"]
CHANGES = tuple(event.removeprefix("s3:").removesuffix("*") for event in EVENTS)


class ObjectKey(NamedTuple):
    """An object that S3 tells of, and its file name in the data set's folder."""

    key: str
    file: str


def on_upload(
    event: dict[str, Any],
    *,
    settings: Settings,
    s3: "S3Client",
    stepfunctions: "SFNClient",
) -> list[Outcome]:
    """Start one execution for each complete data set that the event's records belong to.

    Returns and logs what happened: ``outcome`` is started, duplicate or incomplete for a data set
    (``dataset``), ignored for a record (``key``); ``why`` says it in one line. If AWS refuses a
    call for one data set, the others are still handled; then its error is raised, so that Lambda
    delivers the event again. Raises InvalidInputError where the event is none of S3.
    """
    events.check(event, "S3")
    datasets = DataSets(s3, settings.bucket, settings.dataset_prefix, settings.required_files)
    ledger = Ledger(s3, settings.bucket)
    start = partial(start_on_upload, stepfunctions, ledger, settings.state_machine_arn)
    outcomes, uploaded = _sort_records(event, datasets)
    failures: list[Exception] = []
    for name, files in uploaded.items():
        try:
            outcomes += _start_if_complete(datasets.find(name), files, start)
        except (BotoCoreError, ClientError) as error:
            log.exception("data set failed", extra={"dataset": name})
            failures.append(error)
    for outcome in outcomes:
        log.info("upload %s", outcome["outcome"], extra=outcome)
    if failures:
        raise failures[0]
    return outcomes


def _sort_records(
    event: dict[str, Any], datasets: DataSets
) -> tuple[list[Outcome], dict[str, list[ObjectKey]]]:
    """Return the ignored records' outcomes, and the others' keys by data set, as they came."""
    ignored: list[Outcome] = []
    uploaded: dict[str, list[ObjectKey]] = {}
    for bucket, key in _changed_objects(event):
        place = datasets.place(key)
        if bucket != datasets.bucket:
            ignored.append(_ignored(key, f"bucket {bucket!r} is not {datasets.bucket!r}"))
        elif place is None:
            ignored.append(_ignored(key, _misplaced(key, datasets.prefix)))
        else:
            uploaded.setdefault(place[0], []).append(ObjectKey(key, place[1]))
    return ignored, uploaded


def _misplaced(key: str, prefix: str) -> str:
    """Say why no data set has an object of that key."""
    name, slash, file = key.removeprefix(prefix).partition("/")
    problem = name_problem(name) if slash and file else ""
    form = f"not of the form {prefix}<dataset>/<file>"
    return f"{form}: the data set's name is {shown(name)}, {problem}" if problem else form


def _changed_objects(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (bucket, key) of every object that was changed; ``s3:TestEvent`` has no records."""
    for record in map(S3EventRecord, event.get("Records", ())):
        if record.event_name.removeprefix("s3:").startswith(CHANGES):
            yield record.s3.bucket.name, unquote_plus(record.s3.get_object.key)


def _start_if_complete(
    dataset: DataSet, uploaded: Sequence[ObjectKey], start: Callable[[DataSet], Start]
) -> list[Outcome]:
    others = [key for key, file in uploaded if not dataset.includes(file)]
    outcomes = [_ignored(key, "not one of the data set's files") for key in others]
    if len(others) < len(uploaded):
        outcomes.append({"dataset": dataset.name, **_start(dataset, start)})
    return outcomes


def _start(dataset: DataSet, start: Callable[[DataSet], Start]) -> Outcome:
    if dataset.incomplete:
        missing = list(dataset.missing)
        return {"outcome": "incomplete", "missing": missing, "why": dataset.incomplete}
    started = start(dataset)
    return {
        "outcome": "started" if started.started else "duplicate",
        "execution_arn": started.execution_arn,
        "why": started.message,
    }


def _ignored(key: str, why: str) -> Outcome:
    return {"outcome": "ignored", "key": key, "why": why}
