"""The end of a job's log, growing; what came before it on request.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html
"""

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lambdas.boundary.text import printable
from operations.executions.view import Work

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

TAIL = 200  # lines, and as many more with each request for earlier ones
MOST = 5_000  # lines kept
HOSTS = 4
LOOK_AGAIN = 10  # readings, until hosts that began later are looked for
LONGEST = 2_000  # characters of a line


@dataclass
class _Stream:
    name: str
    forward: str | None = None
    backward: str | None = None
    lines: list[tuple[int, str]] = field(default_factory=list)


class JobLog:
    """The log of one job, the lines of its hosts in the order of their time."""

    def __init__(self, logs: "CloudWatchLogsClient", work: Work) -> None:
        self.work = work
        self._logs = logs
        self._streams: list[_Stream] = []
        self._reads = 0
        self._reading = threading.Lock()

    def tail(self) -> tuple[str, ...]:
        """The lines known, after reading those that are new. A job without a log yet has none."""
        with self._reading:
            if not self._streams or self._reads % LOOK_AGAIN == 0:
                known = {stream.name for stream in self._streams}
                self._streams += [each for each in self._find() if each.name not in known]
            self._reads += 1
            for stream in self._streams:
                self._read_news(stream)
            return self._shown()

    def earlier(self) -> tuple[str, ...]:
        """The lines known, after reading some that were before them."""
        with self._reading:
            for stream in self._streams:
                self._read_earlier(stream)
            return self._shown()

    @property
    def has_earlier(self) -> bool:
        """Whether there may be lines before those known."""
        return any(stream.backward is not None for stream in self._streams)

    def _find(self) -> list[_Stream]:
        try:
            found = self._logs.describe_log_streams(
                logGroupName=self.work.log_group,
                logStreamNamePrefix=f"{self.work.name}/",
                limit=HOSTS,
            )
        except self._logs.exceptions.ResourceNotFoundException:
            return []
        return [_Stream(stream["logStreamName"]) for stream in found["logStreams"]]

    def _read_news(self, stream: _Stream) -> None:
        first = stream.forward is None
        page = self._page(stream, stream.forward)
        found = _lines(page)
        if first:
            stream.backward = page["nextBackwardToken"] if len(found) >= TAIL else None
        if found:  # an empty stream has no place from which to go on
            stream.forward = page["nextForwardToken"]
        stream.lines = (stream.lines + found)[-MOST:]

    def _read_earlier(self, stream: _Stream) -> None:
        if stream.backward is None:
            return
        page = self._page(stream, stream.backward)
        known, stream.backward = stream.backward, page["nextBackwardToken"]
        if stream.backward == known or not page["events"]:
            stream.backward = None
        stream.lines = (_lines(page) + stream.lines)[:MOST]

    def _page(self, stream: _Stream, token: str | None) -> Any:
        continued: Any = {"nextToken": token} if token else {}
        return self._logs.get_log_events(
            logGroupName=self.work.log_group,
            logStreamName=stream.name,
            limit=TAIL,
            # The direction of a token is its own; without one this gives the end.
            startFromHead=False,
            **continued,
        )

    def _shown(self) -> tuple[str, ...]:
        several = len(self._streams) > 1
        found = [
            (at, f"{stream.name.rpartition('/')[2]}  {line}" if several else line)
            for stream in self._streams
            for at, line in stream.lines
        ]
        if several:
            found.sort(key=lambda timed: timed[0])
        return tuple(line for _, line in found)


def _lines(page: Any) -> list[tuple[int, str]]:
    return [(event["timestamp"], _line(event["message"])) for event in page["events"]]


def _line(message: str) -> str:
    """One line of its own, its indentation kept."""
    return printable(message.rstrip()[:LONGEST])
