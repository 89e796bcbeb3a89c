"""GetQueueAttributes: how many messages a queue has, as SQS may still answer some seconds later.

AWS names a minute after the producers have stopped:
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
"""

from typing import Any

from moto.sqs.models import SQSBackend

from local_aws.requests import eventual
from local_aws.requests.past import Past
from local_aws.wrapping import Original, wrap

_CHANGES = (
    "change_message_visibility",
    "delete_message",
    "purge_queue",
    "receive_message",
    "send_message",
)
_PREFIX = "ApproximateNumberOfMessages"

Counts = dict[str, Any]

_counts: Past[str, Counts] = Past()  # by the queue's ARN


def install() -> None:
    """Note the counts whenever a call changes them."""
    for change in _CHANGES:
        wrap(SQSBackend, change, _change)
    wrap(SQSBackend, "get_queue_attributes", _get_queue_attributes)


def _change(
    original: Original, backend: SQSBackend, queue_name: str, *given: Any, **named: Any
) -> Any:
    queue = backend.get_queue(queue_name)
    before = _of(queue)
    answer = original(backend, queue_name, *given, **named)
    _counts.note(str(queue.queue_arn), before, _of(queue))
    return answer


def _get_queue_attributes(
    original: Original, backend: SQSBackend, queue_name: str, *given: Any, **named: Any
) -> Counts:
    attributes: Counts = original(backend, queue_name, *given, **named)
    if not (ago := eventual.seconds("stale")):
        return attributes
    queue = backend.get_queue(queue_name)
    counts = _counts.as_of(str(queue.queue_arn), ago, None) or {}
    return attributes | {name: counts[name] for name in attributes.keys() & counts.keys()}


def _of(queue: Any) -> Counts:
    return {name: value for name, value in queue.attributes.items() if name.startswith(_PREFIX)}
