"""Which objects S3 tells of, whichever way its event came.

S3 invokes a Lambda itself, or sends its events through EventBridge, SNS or SQS, or through several
of them: a rule or a topic may fill the queue that invokes the Lambda. Each of them wraps the event
in a form of its own, and this module takes all of them off. A pipe of EventBridge hands over the
messages of a queue as a list: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-batching-concurrency.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import unquote_plus

from lambdas.boundary import events, strict_json
from lambdas.boundary.text import one_line
from lambdas.errors import InvalidInputError

# An SQS message may hold an SNS message, which holds an event of S3. More is nobody's set-up.
DEEPEST = 3
TEST_EVENT = "s3:TestEvent"
BATCH, BATCH_FAILURES = "body", "batchItemFailures"


class ObjectEvent(NamedTuple):
    """What S3 tells of one object: ``kind`` is "ObjectCreated:Put", or "Object Created"."""

    kind: str
    bucket: str
    key: str  # as the uploader wrote it


@dataclass
class Told:
    """What an event tells, and the messages in it that are no event of S3, one error each."""

    objects: list[ObjectEvent] = field(default_factory=list)
    refused: list[InvalidInputError] = field(default_factory=list)


def read(event: object) -> Told:
    """Return the objects that an event of S3 tells of, by itself or in messages of SNS or SQS.

    ``s3:TestEvent`` tells of none. A message in SNS or SQS that holds something else keeps no other
    message back: it is among those that were refused. Raises InvalidInputError where the event as a
    whole is none of the forms.
    """
    told = Told()
    _read({"Records": event} if isinstance(event, list) else event, "", told, DEEPEST)
    return told


def is_batch(event: object) -> bool:
    """Tell whether SQS sends the event, so that Lambda may look for failures in the answer.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    return isinstance(event, list) or _has_records_with(event, BATCH)


def _read(event: object, where: str, told: Told, deepest: int) -> None:
    if _has_records_with(event, "Sns"):
        _check(event, "SNS", where)
        texts = [(f"Records.{n}.Sns.Message", r["Sns"]["Message"]) for n, r in _records(event)]
        _read_messages(texts, where, told, deepest)
    elif _has_records_with(event, BATCH):
        _check(event, "SQS", where)
        texts = [(f"Records.{n}.body", record[BATCH]) for n, record in _records(event)]
        _read_messages(texts, where, told, deepest)
    elif isinstance(event, dict) and event.get("Type") == "Notification":
        _check(event, "SNS in SQS", where)
        _read_messages([("Message", event["Message"])], where, told, deepest)
    else:
        told.objects += _objects(event, where)


def _read_messages(texts: list[tuple[str, str]], where: str, told: Told, deepest: int) -> None:
    for place, text in texts:
        inside = f"{where}.{place}".lstrip(".")
        try:
            _read(_json(text, inside, deepest), inside, told, deepest - 1)
        except InvalidInputError as error:
            told.refused.append(error)


def _objects(event: Any, where: str) -> Iterator[ObjectEvent]:
    if isinstance(event, dict) and event.get("Event") == TEST_EVENT:
        return
    if isinstance(event, dict) and "detail-type" in event:
        _check(event, "S3 through EventBridge", where)
        detail = event["detail"]
        # Not form-encoded, as the keys of direct notifications are:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
        yield ObjectEvent(event["detail-type"], detail["bucket"]["name"], detail["object"]["key"])
        return
    _check(event, "S3", where)
    for _, record in _records(event):
        kind, s3 = record["eventName"].removeprefix("s3:"), record["s3"]
        yield ObjectEvent(kind, s3["bucket"]["name"], unquote_plus(s3["object"]["key"]))


def _json(text: str, where: str, deepest: int) -> object:
    try:
        if not deepest:
            raise ValueError(f"more than {DEEPEST} messages inside of each other")
        return strict_json.parse(text.encode("utf-8", "replace"))
    except ValueError as error:
        found = f"found {one_line(text, 80)!r} ({error})"
        raise InvalidInputError(f"{where}: {found}, expected an event of S3") from None


def _check(event: object, sender: str, where: str) -> None:
    try:
        events.check(event, sender)
    except InvalidInputError as error:
        if not where:
            raise
        whole, _, problem = str(error).partition("event: ")
        raise InvalidInputError(f"{where}.{error}" if whole else f"{where}: {problem}") from None


def _has_records_with(event: object, name: str) -> bool:
    """Tell whether any record has that field: the records of one event are of one kind."""
    records = event.get("Records") if isinstance(event, dict) else None
    return isinstance(records, list) and any(isinstance(r, Mapping) and name in r for r in records)


def _records(event: Any) -> Iterator[tuple[int, Mapping[str, Any]]]:
    return enumerate(event["Records"])
