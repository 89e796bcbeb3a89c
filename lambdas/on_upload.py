"""The trigger: S3 tells of changed objects, and each complete data set among them is started once.

An object that is removed may leave a complete data set behind: a version that was put by mistake, a
delete marker, a manifest that was wrong.

S3 tells at least once, in any order, several objects at a time
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html), so what a record
says is only a hint: what counts is what the bucket holds now. So a late record of an older version
is a duplicate like any other, and no sequencer needs comparing.

The pipeline has S3 invoke the Lambda. Accounts that send S3's events through EventBridge, SNS or
SQS may have these invoke it as well: docs/events.md.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.boundary import s3_events
from lambdas.boundary.s3_events import ObjectEvent
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
# The same in EventBridge, where an expiration is an Object Deleted too.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-mapping-troubleshooting.html
DETAIL_TYPES = ("Object Created", "Object Deleted")
CHANGES = (*(event.removeprefix("s3:").removesuffix("*") for event in EVENTS), *DETAIL_TYPES)

# Data sets that are asked for at once: as many as a client of boto3 has connections,
# https://botocore.amazonaws.com/v1/documentation/api/latest/reference/config.html
AT_ONCE = 10


class ObjectKey(NamedTuple):
    """An object that S3 tells of, and its file name in the data set's folder."""

    key: str
    file: str


class Handled(NamedTuple):
    """What became of a data set; ``error`` is what AWS refused, if it refused a call."""

    dataset: str
    outcomes: list[Outcome]
    error: BotoCoreError | ClientError | None = None


def on_upload(
    event: object,
    *,
    settings: Settings,
    s3: "S3Client",
    stepfunctions: "SFNClient",
    at_once: int = AT_ONCE,
) -> list[Outcome] | dict[str, Any]:
    """Start one execution for each complete data set that the event's records belong to.

    ``event`` is S3's own, or one that came through EventBridge, SNS or SQS. As many data sets as
    ``at_once`` are asked for at a time.

    Returns and logs what happened: ``outcome`` is started, duplicate or incomplete for a data set
    (``dataset``), ignored for a record (``key``); ``why`` says it in one line. For SQS this stands
    in ``outcomes``, beside the empty list of failures that Lambda looks for.

    If AWS refuses a call for one data set, or a message is no event of S3, the others are still
    handled; then that error is raised, so that Lambda delivers the event again. A batch of SQS is
    delivered again as a whole then, which starts nothing twice. To name the messages that failed
    would be no answer for whoever has not set ReportBatchItemFailures: their messages would be
    lost. Raises InvalidInputError where the event is none of S3.
    """
    told = s3_events.read(event)
    datasets = DataSets(s3, settings.bucket, settings.dataset_prefix, settings.required_files)
    ledger = Ledger(s3, settings.bucket)
    start = partial(start_on_upload, stepfunctions, ledger, settings.state_machine_arn)
    outcomes, uploaded = _sort_records(told.objects, datasets)
    handle = partial(_handle, datasets, start)
    with ThreadPoolExecutor(at_once) as threads:
        handled = list(threads.map(handle, uploaded, uploaded.values()))
    outcomes += [outcome for dataset in handled for outcome in dataset.outcomes]
    _log(outcomes, handled)
    if failures := [*(dataset.error for dataset in handled if dataset.error), *told.refused]:
        raise failures[0]
    return (
        {s3_events.BATCH_FAILURES: [], "outcomes": outcomes}
        if s3_events.is_batch(event)
        else outcomes
    )


def _handle(
    datasets: DataSets,
    start: Callable[[DataSet], Start],
    name: str,
    uploaded: Sequence[ObjectKey],
) -> Handled:
    try:
        return Handled(name, _start_if_complete(datasets.find(name), uploaded, start))
    except (BotoCoreError, ClientError) as error:
        return Handled(name, [], error)


def _log(outcomes: Iterable[Outcome], handled: Iterable[Handled]) -> None:
    for name, _, error in handled:
        if error:
            log.error("data set failed", extra={"dataset": name}, exc_info=error)
    for outcome in outcomes:
        log.info("upload %s", outcome["outcome"], extra=outcome)


def _sort_records(
    told: Iterable[ObjectEvent], datasets: DataSets
) -> tuple[list[Outcome], dict[str, list[ObjectKey]]]:
    """Return the ignored records' outcomes, and the others' keys by data set, as they came."""
    ignored: list[Outcome] = []
    uploaded: dict[str, list[ObjectKey]] = {}
    for kind, bucket, key in told:
        place = datasets.place(key)
        if not kind.startswith(CHANGES):
            ignored.append(_ignored(key, f"{kind} changes no version of it"))
        elif bucket != datasets.bucket:
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
