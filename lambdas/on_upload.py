"""The trigger: S3 tells of new objects, and every complete data set among them is started once.

S3 tells at least once, in any order, several objects at a time
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html), so what a record
says is only a hint: what counts is what the bucket holds now.
"""

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_plus

from aws_lambda_powertools.utilities.data_classes.s3_event import S3EventRecord
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.datasets import DataSets
from lambdas.executions import execution_name, start_once
from lambdas.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

log = logging.getLogger(__name__)


def on_upload(
    event: dict[str, Any],
    *,
    settings: Settings,
    s3: "S3Client",
    stepfunctions: "SFNClient",
) -> list[dict[str, Any]]:
    """Start one execution for each complete data set that the event's records belong to.

    Returns and logs what happened: ``outcome`` is started, duplicate or incomplete for a data set
    (``dataset``), ignored for a record (``key``). If AWS refuses a call for one data set, the
    others are still handled; then its error is raised, so that Lambda delivers the event again.
    """
    datasets = DataSets(s3, settings.bucket, settings.dataset_prefix, settings.required_files)
    outcomes, names = _sort_records(event, datasets)
    failures: list[Exception] = []
    for name in names:
        try:
            outcomes.append(_start_if_complete(name, datasets, settings, stepfunctions))
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
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the ignored records' outcomes, and the data sets' names in order of appearance."""
    ignored: list[dict[str, Any]] = []
    names: dict[str, None] = {}
    for bucket, key in _created_objects(event):
        place = datasets.place(key)
        if bucket != datasets.bucket:
            ignored.append(_ignored(key, f"bucket {bucket!r} is not {datasets.bucket!r}"))
        elif place is None:
            ignored.append(_ignored(key, f"not of the form {datasets.prefix}<dataset>/<file>"))
        elif place[1] not in datasets.required_files:
            ignored.append(_ignored(key, "not one of the required files"))
        else:
            names[place[0]] = None
    return ignored, list(names)


def _created_objects(event: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (bucket, key) of every object that was created; ``s3:TestEvent`` has no records."""
    for record in map(S3EventRecord, event.get("Records", ())):
        if record.event_name.removeprefix("s3:").startswith("ObjectCreated:"):
            yield record.s3.bucket.name, unquote_plus(record.s3.get_object.key)


def _start_if_complete(
    name: str, datasets: DataSets, settings: Settings, stepfunctions: "SFNClient"
) -> dict[str, Any]:
    dataset = datasets.find(name)
    if dataset.missing:
        return {"outcome": "incomplete", "dataset": name, "missing": list(dataset.missing)}
    start = start_once(
        stepfunctions,
        settings.state_machine_arn,
        execution_name(dataset, {}),
        {"dataset": name, "fingerprint": dataset.fingerprint},
    )
    return {
        "outcome": "started" if start.started else "duplicate",
        "dataset": name,
        "execution_arn": start.execution_arn,
        "why": start.message,
    }


def _ignored(key: str, why: str) -> dict[str, Any]:
    return {"outcome": "ignored", "key": key, "why": why}
