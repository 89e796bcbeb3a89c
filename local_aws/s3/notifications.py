"""S3's event notifications, sent the way S3 sends them.

What this restores of AWS's behaviour, where moto 5.2 differs:

- Events leave from a thread of their own. moto delivers inside PutObject, so that an upload waits
  for the functions that it triggers.
- What cannot be delivered is logged; moto drops it without a word.
- A record is complete: `sequencer`, `versionId`, who did it and from where.
- A multipart upload is one event, CompleteMultipartUpload. moto sends a Put too.
- Each removal is told: a delete marker as DeleteMarkerCreated, and each version or delete marker
  that goes for good as Delete. moto tells of a key's last version only. DeleteObjects tells of keys
  that are not there too. AWS is known to do so for DeleteObjects; for DeleteObject we believe not.
- Tags are told of where PutObjectTagging puts them. moto tells so of each object that is written.
"""

import itertools
import json
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from moto.s3 import notifications
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response

from local_aws.arns import service_of
from local_aws.context import Context
from local_aws.events import bus
from local_aws.messaging.deliveries import (
    Deliveries,
    invoke,
    publish,
    send_to_queue,
)
from local_aws.s3.null_version import Absent
from local_aws.s3.records import EMPTY_ETAG, ObjectEvent, test_event
from local_aws.wrapping import Original, replace, wrap

_REMOVED, _TAGGED = "s3:ObjectRemoved:", "s3:ObjectTagging:Put"
# Whether the request asks for tags: https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
_TAGGING: ContextVar[bool] = ContextVar("tagging", default=False)


@dataclass(frozen=True)
class Notification:
    """A message for a function, a queue or a topic."""

    arn: str
    body: str
    source: str = ""  # the bucket's ARN

    def __str__(self) -> str:
        return f"{self.body} for {self.arn}"


def install(context: Context) -> None:
    """Replace moto's delivery of S3 events."""
    deliveries: Deliveries[Notification | ObjectEvent] = Deliveries(
        "s3-events", _deliver, context.state, give_up=context.dead_letters.add
    )
    context.register_shutdown(deliveries.close)

    def send_event(account_id: str, event_name: str, bucket: Any, key: Any) -> None:
        name = str(getattr(event_name, "value", event_name))
        if not name.startswith(_REMOVED) and (name != _TAGGED or _TAGGING.get()):
            _send_event(deliveries, account_id, name, bucket, key)

    def delete_object(
        original: Original,
        backend: S3Backend,
        bucket_name: str,
        key_name: str,
        *more: Any,
        **options: Any,
    ) -> Any:
        bucket = backend.get_bucket(bucket_name)
        before = list(bucket.keys.getlist(key_name, []))
        answer = original(backend, bucket_name, key_name, *more, **options)
        for name, key in _removals(before, list(bucket.keys.getlist(key_name, []))):
            _send_event(deliveries, backend.account_id, name, bucket, key)
        return answer

    def delete_objects(
        original: Original,
        backend: S3Backend,
        bucket_name: str,
        objects: list[dict[str, Any]],
        *more: Any,
    ) -> Any:
        bucket = backend.get_bucket(bucket_name)
        absent = [] if bucket.is_versioned else _absent(bucket, objects)
        answer = original(backend, bucket_name, objects, *more)
        for key in absent:
            _send_event(deliveries, backend.account_id, f"{_REMOVED}Delete", bucket, key)
        return answer

    def send_test_event(account_id: str, bucket: Any) -> None:  # noqa: ARG001 (moto's signature)
        _send_test_event(deliveries, bucket)

    replace(notifications, send_event=send_event, send_test_event=send_test_event)
    wrap(S3Backend, "delete_object", delete_object)
    wrap(S3Backend, "delete_objects", delete_objects)
    wrap(S3Response, "put_object_tagging", _put_object_tagging)


def _put_object_tagging(original: Original, response: S3Response) -> Any:
    token = _TAGGING.set(True)
    try:
        return original(response)
    finally:
        _TAGGING.reset(token)


def _removals(before: list[Any], after: list[Any]) -> Iterator[tuple[str, Any]]:
    """Yield what a deletion did to the versions of a key: the event's name, and the version.

    That deleting a delete marker is a Delete like that of any version is believed, not known.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
    """
    kept, known = {id(key) for key in after}, {id(key) for key in before}
    markers = [key for key in after if id(key) not in known]
    gone = [] if markers else [key for key in before if id(key) not in kept]  # a marker replaces
    yield from ((f"{_REMOVED}DeleteMarkerCreated", key) for key in markers)
    yield from ((f"{_REMOVED}Delete", key) for key in gone)


def _absent(bucket: Any, objects: list[dict[str, Any]]) -> list[Absent]:
    return [Absent(each["Key"]) for each in objects if each["Key"] not in bucket.keys]


def _send_event(
    deliveries: Deliveries[Notification | ObjectEvent],
    account: str,
    event_name: str,
    bucket: Any,
    key: Any,
) -> None:
    configuration = bucket.notification_configuration
    if configuration is None or _is_part_of_multipart(event_name, key):
        return
    event = _event(account, event_name, bucket, key)
    destinations = (configuration.cloud_function, configuration.queue, configuration.topic)
    for destination in itertools.chain(*destinations):
        if destination.matches(event_name, key.name):
            body = json.dumps(event.notification(destination.id))
            deliveries.send(Notification(destination.arn, body, event.bucket_arn))
    if configuration.event_bridge is not None:
        deliveries.send(event)


def _send_test_event(deliveries: Deliveries[Notification | ObjectEvent], bucket: Any) -> None:
    """Queues and topics get one; of a function S3 only checks the permission."""
    configuration = bucket.notification_configuration
    body = json.dumps(test_event(bucket.name))
    for arn in {destination.arn for destination in (*configuration.queue, *configuration.topic)}:
        deliveries.send(Notification(arn, body))


def _deliver(message: Notification | ObjectEvent) -> None:
    if isinstance(message, ObjectEvent):
        _put_event(message)
        return
    match service_of(message.arn):
        case "lambda":
            invoke(message.arn, message.body, service="s3", source=message.source)
        case "sqs":
            send_to_queue(message.arn, message.body)
        case _:
            publish(message.arn, message.body, subject="Amazon S3 Notification")


def _is_part_of_multipart(event_name: str, key: Any) -> bool:
    return event_name == "s3:ObjectCreated:Put" and key.multipart is not None


def _event(account: str, event_name: str, bucket: Any, key: Any) -> ObjectEvent:
    return ObjectEvent(
        name=event_name.removeprefix("s3:"),
        account=account,
        region=bucket.region_name,
        bucket=bucket.name,
        key=key.name,
        size=getattr(key, "size", 0),
        etag=getattr(key, "etag", "").replace('"', "") or EMPTY_ETAG,
        version_id=key.version_id if bucket.is_versioned else None,
    )


def _put_event(event: ObjectEvent) -> None:
    bus.emit(
        "aws.s3",
        notifications._detail_type(f"s3:{event.name}"),
        event.event_bridge_detail(),
        resources=[event.bucket_arn],
        account=event.account,
        region=event.region,
        time=event.time,
    )
