"""CloudWatch Logs' events as a part of the state: in pieces, since a stream only ever grows.

Groups and streams are kept with moto's other services, without their events.
"""

from typing import Any
from uuid import uuid4

from moto.logs.models import LogEvent, LogStream

from local_aws.context import Context
from local_aws.state import moto_services
from local_aws.wrapping import Original, replace, wrap

PART = "log-events"
_PIECE = 200  # events
_COUNTERS = ("last_ingestion_time", "stored_bytes", "upload_sequence_token")


def install(context: Context) -> None:
    """Keep the events of log streams, an item for every 200 of a stream."""
    state = context.state
    streams: dict[str, Any] = {}

    def put_log_events(original: Original, stream: Any, log_events: list[dict[str, Any]]) -> str:
        if not hasattr(stream, "kept_as"):
            stream.kept_as = uuid4().hex
            streams[stream.kept_as] = stream
            state.changed(moto_services.PART, "logs")
        first = len(stream.events) // _PIECE
        token: str = original(stream, log_events)
        for piece in range(first, (len(stream.events) - 1) // _PIECE + 1):
            state.changed(PART, f"{stream.kept_as}/{piece}")
        return token

    def get(item: str) -> dict[str, Any] | None:
        name, _, piece = item.partition("/")
        stream = streams.get(name)
        if stream is None:
            return None
        start = int(piece) * _PIECE
        counters = {counter: getattr(stream, counter) for counter in _COUNTERS}
        return {"events": stream.events[start : start + _PIECE], "counters": counters}

    def put(item: str, saved: dict[str, Any]) -> None:
        stream = streams.get(item.partition("/")[0])
        if stream is None:
            if state.whole:  # it was deleted: its events go now
                state.changed(PART, item)
            return
        stream.events += saved["events"]
        vars(stream).update(saved["counters"])
        LogEvent._event_id = max(LogEvent._event_id, stream.events[-1].event_id + 1)

    def set_state(stream: Any, attributes: dict[str, Any]) -> None:
        vars(stream).update(attributes, events=[])
        if hasattr(stream, "kept_as"):
            streams[stream.kept_as] = stream

    wrap(LogStream, "put_log_events", put_log_events)
    replace(LogStream, __getstate__=_without_events, __setstate__=set_state)
    state.keep(PART, get, put)


def _without_events(stream: LogStream) -> dict[str, Any]:
    return {name: value for name, value in vars(stream).items() if name != "events"}
