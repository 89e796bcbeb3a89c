"""The entries of PutEvents: which of them AWS refuses, one by one or all at once.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

import logging
from typing import Any
from uuid import uuid4

from moto.events.exceptions import ResourceNotFoundException, ValidationException
from moto.events.models import EventsBackend

from local_aws.events.patterns import decode
from local_aws.wrapping import Original, wrap

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html#eb-putevent-size
_LARGEST_REQUEST = 1024 * 1024
_TIME_BYTES = 14
_REQUIRED = ("Source", "DetailType", "Detail")

_log = logging.getLogger(__name__)


def install() -> None:
    """Hold entries to AWS's rules where moto takes them."""
    wrap(EventsBackend, "put_events", _put_events)


def _put_events(
    original: Original, self: EventsBackend, events: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    if sum(map(_size, events)) >= _LARGEST_REQUEST:
        raise ValidationException("Total size of the entries in the request is over the limit.")
    return [_put_event(original, self, event) for event in events]


def _put_event(original: Original, backend: EventsBackend, event: dict[str, Any]) -> dict[str, Any]:
    if refusal := _refusal(event):
        return refusal
    try:
        [result] = original(backend, [event])
    except ResourceNotFoundException as error:
        # AWS drops the event and says that it took it: https://github.com/aws/aws-cli/issues/9186
        event_id = str(uuid4())
        _log.warning("Event %s goes nowhere, as on AWS: %s", event_id, error.message)
        return {"EventId": event_id}
    return dict(result)


def _refusal(event: dict[str, Any]) -> dict[str, str] | None:
    """Return what AWS answers for an entry that it refuses; moto asks for what is required."""
    if str(event.get("Source", "")).startswith("aws."):
        return {
            "ErrorCode": "NotAuthorizedForSourceException",
            "ErrorMessage": "Not authorized for the source.",
        }
    if all(event.get(name) for name in _REQUIRED) and not _is_object(event["Detail"]):
        return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
    return None


def _is_object(text: str) -> bool:
    try:
        return isinstance(decode(text), dict)  # AWS reads 1000 levels
    except ValueError:
        return False


def _size(event: dict[str, Any]) -> int:
    """Return the bytes of an entry, as AWS's page counts them."""
    texts = [event.get(name) or "" for name in _REQUIRED] + (event.get("Resources") or [])
    return sum(len(text.encode()) for text in texts) + (_TIME_BYTES if event.get("Time") else 0)
