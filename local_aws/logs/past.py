"""What CloudWatch Logs says of groups and streams without what was logged some seconds ago.

AWS says of a stream's lastEventTimestamp that it mostly takes less than an hour; of a group's
storedBytes, we believe, the same holds.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogStream.html
"""

import time
from typing import Any

from moto.logs.models import LogGroup, LogStream

from local_aws.requests import eventual
from local_aws.wrapping import Original, wrap

_MILLISECONDS = 1000
_OF_THE_LAST_EVENT = ("firstEventTimestamp", "lastEventTimestamp", "lastIngestionTime")


def install() -> None:
    """Leave out, where a fault says so, what came too late."""
    wrap(LogStream, "to_describe_dict", _describe_stream)
    wrap(LogGroup, "to_describe_dict", _describe_group)


def _describe_stream(original: Original, stream: LogStream) -> dict[str, Any]:
    described: dict[str, Any] = original(stream)
    if not (ago := eventual.seconds("stale")):
        return described
    known = _known(stream, ago)
    for name in _OF_THE_LAST_EVENT:
        described.pop(name, None)
    if known:
        times = [event.timestamp for event in known]
        values = (min(times), max(times), known[-1].ingestion_time)
        described |= dict(zip(_OF_THE_LAST_EVENT, values, strict=True))
    return described


def _describe_group(original: Original, group: LogGroup) -> dict[str, Any]:
    described: dict[str, Any] = original(group)
    if not (ago := eventual.seconds("stale")):
        return described
    known = [event for stream in group.streams.values() for event in _known(stream, ago)]
    return described | {"storedBytes": sum(len(event.message) for event in known)}


def _known(stream: Any, seconds: float) -> list[Any]:
    until = (time.time() - seconds) * _MILLISECONDS
    return [event for event in list(stream.events) if event.ingestion_time <= until]
