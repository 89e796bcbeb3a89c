"""S3's event notifications, sent the way S3 sends them.

What this restores of AWS's behaviour, where moto 5.2 differs:

- Events leave from a thread of their own. moto delivers inside PutObject, so that an upload waits
  for the functions that it triggers.
- What cannot be delivered is logged; moto drops it without a word.
- A record is complete: `sequencer`, `versionId`, who did it and from where.
- A multipart upload is one event, CompleteMultipartUpload. moto sends a Put too.
- Each removal is told: a delete marker as DeleteMarkerCreated, and each version or delete marker
  that goes for good as Delete. moto tells of a key's last version only.
- Filter rules may be named `Prefix` and `Suffix`, as Chalice does; moto answers HTTP 500.
- Tags are told of where PutObjectTagging puts them. moto tells so of each object that is written.
- A Lambda destination must exist and must let S3 invoke it.
"""

import itertools
import json
import re
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.s3 import notifications
from moto.s3.exceptions import S3ClientError
from moto.s3.models import S3Backend
from moto.s3.responses import S3Response

from local_aws.arns import service_of
from local_aws.context import Context
from local_aws.events import bus
from local_aws.messaging.deliveries import (
    Deliveries,
    find_function,
    invoke,
    lets_invoke,
    publish,
    send_to_queue,
)
from local_aws.s3.records import ObjectEvent, test_event
from local_aws.wrapping import Original, replace, wrap

_REMOVED, _TAGGED = "s3:ObjectRemoved:", "s3:ObjectTagging:Put"
# Whether the request asks for tags: https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
_TAGGING: ContextVar[bool] = ContextVar("tagging", default=False)
_FILTER_NAME = re.compile(r"(<Name>\s*)(prefix|suffix)(\s*</Name>)", re.IGNORECASE)


class InvalidDestinationError(S3ClientError):
    """A destination does not exist, or does not let S3 send to it."""

    def __init__(self) -> None:
        super().__init__(
            "InvalidArgument", "Unable to validate the following destination configurations"
        )


class InvalidFilterRuleError(S3ClientError):
    """A filter rule has neither of the two names that there are, or no value."""

    def __init__(self) -> None:
        super().__init__(
            "InvalidArgument", "filter rule name must be either prefix or suffix, with a value"
        )


@dataclass(frozen=True)
class Notification:
    """A message for a function, a queue or a topic."""

    arn: str
    body: str
    source: str = ""  # the bucket's ARN

    def __str__(self) -> str:
        return f"{self.body} for {self.arn}"


def install(context: Context) -> None:
    """Replace moto's delivery of S3 events, and its reading of their configuration."""
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

    def send_test_event(account_id: str, bucket: Any) -> None:  # noqa: ARG001 (moto's signature)
        _send_test_event(deliveries, bucket)

    replace(notifications, send_event=send_event, send_test_event=send_test_event)
    wrap(S3Backend, "delete_object", delete_object)
    wrap(S3Response, "put_object_tagging", _put_object_tagging)
    wrap(S3Response, "_notification_config_from_body", _read_configuration)


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
    yield from ((f"{_REMOVED}Delete", key) for key in before if id(key) not in kept)
    yield from ((f"{_REMOVED}DeleteMarkerCreated", key) for key in after if id(key) not in known)


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
        etag=(getattr(key, "etag", "") or "").replace('"', ""),
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


def _read_configuration(original: Original, response: S3Response) -> dict[str, Any]:
    """Read what PutBucketNotificationConfiguration is given, and refuse what AWS refuses."""
    body = response.body.decode() if isinstance(response.body, bytes) else response.body
    response.body = _FILTER_NAME.sub(lambda m: m[1] + m[2].lower() + m[3], body)
    try:
        configuration: dict[str, Any] = original(response)
    except AssertionError as error:
        raise InvalidFilterRuleError from error
    skipped = response.headers.get("x-amz-skip-destination-validation", "").lower()
    if skipped != "true":
        for destination in configuration.get("CloudFunctionConfiguration", []):
            _check_permission(destination["CloudFunction"], response.bucket_name)
    return configuration


def _check_permission(arn: str, bucket: str) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html"""
    try:
        function = find_function(arn)
    except UnknownFunctionException as error:
        raise InvalidDestinationError from error
    if not lets_invoke(function, "s3.amazonaws.com", f"arn:aws:s3:::{bucket}"):
        raise InvalidDestinationError
