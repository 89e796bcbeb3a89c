"""The events that no Lambda could handle: what is kept of them, and giving them to Lambda again.

Lambda sends them to the stage's queue `<prefix>-failed-events`, where they stay for 14 days.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import BotoCoreError, ClientError

from operations.errors import InputError, NotDeployedError
from operations.failed_events.invocation_record import InvocationRecord, NotARecordError, read
from operations.failed_events.triggers import refusal
from state_machine.names import FAILED_EVENTS, Names

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import MessageTypeDef

# SQS's limit for one request.
BATCH = 10
# From a killed command's messages until others see them again.
HIDDEN_SECONDS = 300
# Any wait makes SQS ask all of its servers, and none only some of them:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
WAIT_SECONDS = 1


@dataclass(frozen=True)
class Kept:
    """A message of the queue; where it is no record of Lambda's, `problem` says what it is."""

    id: str
    at: datetime
    record: InvocationRecord | None
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """The facts for programs."""
        known = {"id": self.id, "at": self.at.isoformat()}
        if self.record is None:
            return {**known, "problem": self.problem}
        return {
            **known,
            "function": self.record.function,
            "attempts": self.record.attempts,
            "condition": self.record.condition,
            "cause": self.record.cause,
            "event": self.record.event,
            "payload": self.record.payload,
        }


class FailedEvents:
    """A stage's queue. What was received is hidden from others until the `with` block ends.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
    """

    def __init__(self, sqs: "SQSClient", names: Names) -> None:
        """Find the queue. Raises NotDeployedError."""
        self.name = names.queue(FAILED_EVENTS)
        self._sqs = sqs
        self._receipts: dict[str, str] = {}
        try:
            self._url = sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
        except sqs.exceptions.QueueDoesNotExist as error:
            raise NotDeployedError(
                f"There is no queue {self.name}", "run `retrain deploy` first"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Let others see at once what is still there."""
        # Where that fails they see it when HIDDEN_SECONDS are over.
        with suppress(BotoCoreError, ClientError):
            for receipts in _batches(self._receipts.values()):
                self._sqs.change_message_visibility_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {"Id": str(number), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                        for number, receipt in enumerate(receipts)
                    ],
                )

    def about(self) -> int:
        """About how many messages there are: SQS knows no better."""
        counts = self._sqs.get_queue_attributes(
            QueueUrl=self._url,
            AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
        )["Attributes"]
        return sum(map(int, counts.values()))

    def receive(self) -> Iterator[Kept]:
        """Go through the whole queue; SQS may deliver a message twice, here it comes once."""
        while True:
            messages = self._sqs.receive_message(
                QueueUrl=self._url,
                AttributeNames=["SentTimestamp"],
                MaxNumberOfMessages=BATCH,
                VisibilityTimeout=HIDDEN_SECONDS,
                WaitTimeSeconds=WAIT_SECONDS,
            ).get("Messages", [])
            new = [message for message in messages if message["MessageId"] not in self._receipts]
            # The newest receipt is the one that counts.
            self._receipts |= {m["MessageId"]: m["ReceiptHandle"] for m in messages}
            if not new:
                return
            yield from map(_kept, new)

    def remove(self, message_id: str) -> None:
        """Delete a message that was received."""
        self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=self._receipts.pop(message_id))


@dataclass(frozen=True)
class Listing:
    """The events to show, oldest first, and about how many there are in all."""

    events: list[Kept]
    kept: int

    def as_json(self) -> dict[str, Any]:
        """The facts for programs."""
        events = [event.as_json() for event in self.events]
        return {"shown": len(events), "kept": self.kept, "events": events}


@dataclass(frozen=True)
class Replay:
    """What became of one event: whether it was handed over, and that in words."""

    id: str
    done: bool
    message: str


def listing(queue: FailedEvents, limit: int) -> Listing:
    """Read the queue, at most `limit` events of it, without consuming it."""
    about = queue.about()
    with queue:
        found = list(islice(queue.receive(), limit + 1))
    kept = len(found) if len(found) <= limit else max(about, len(found))
    return Listing(_oldest_first(found[:limit]), kept)


def replay(
    queue: FailedEvents, functions: "LambdaClient", names: Names, ids: Iterable[str] | None
) -> Iterator[Replay]:
    """Invoke the functions of the events again, all of them where `ids` is None.

    Only functions whose failed events end in the queue are invoked, each with what its trigger
    sends; other events stay. An event leaves the queue when Lambda has accepted its invocation. The
    whole queue is read before the first invocation, because an event that fails once more
    meanwhile comes back as another event.
    """
    with queue:
        kept = _oldest_first(queue.receive())
        wanted = {event.id for event in kept} if ids is None else set(ids)
        for event in kept:
            if event.id in wanted:
                yield _replay(queue, functions, names, event)
    for missing in sorted(wanted - {event.id for event in kept}):
        yield Replay(missing, False, "no event of this id is kept")


def selection(ids: list[str], everything: bool) -> list[str] | None:
    """The ids to replay, None for all of them. Raises InputError where it is neither or both."""
    if bool(ids) == everything:
        found = "ids and --all" if ids else "neither an id nor --all"
        raise InputError(
            f"Found {found}, expected one of the two", "`retrain events list` shows the ids"
        )
    return None if everything else ids


def _replay(queue: FailedEvents, functions: "LambdaClient", names: Names, event: Kept) -> Replay:
    """https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""
    record = event.record
    if record is None:
        return Replay(event.id, False, f"left in place: {event.problem}")
    if why := refusal(record, names):
        return Replay(event.id, False, f"left in place: {why}")
    what = f"{record.function} for {record.event}"
    try:
        functions.invoke(
            FunctionName=record.function_arn,
            InvocationType="Event",
            Payload=json.dumps(record.payload),
        )
    except ClientError as error:
        return Replay(event.id, False, f"left in place: {what}: {error}")
    try:
        queue.remove(event.id)
    except ClientError as error:
        return Replay(event.id, False, f"invoked {what}, and left in place: {error}")
    return Replay(event.id, True, f"invoked {what}")


def _kept(message: "MessageTypeDef") -> Kept:
    milliseconds = int(message["Attributes"]["SentTimestamp"])
    at = datetime.fromtimestamp(milliseconds / 1000, UTC)
    try:
        return Kept(message["MessageId"], at, read(message["Body"]))
    except NotARecordError as error:
        return Kept(message["MessageId"], at, None, f"no record of Lambda's: {error}")


def _oldest_first(kept: Iterable[Kept]) -> list[Kept]:
    """SQS has no order."""
    return sorted(kept, key=lambda event: (event.at, event.id))


def _batches(receipts: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(receipts)
    while batch := list(islice(remaining, BATCH)):
        yield batch
