"""Hand-written stand-ins for what the command line talks to."""

import io
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from cli.shown.terminal import HarmlessConsole, Terminal


class RecordingReport:
    """A `Report` that remembers what it was told."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.warned: list[str] = []
        self.expected: list[tuple[str, int | None]] = []
        self.moved = 0

    def say(self, text: str) -> None:
        self.said.append(text)

    def warn(self, text: str) -> None:
        self.warned.append(text)

    def expect(self, text: str, size: int | None) -> None:
        self.expected.append((text, size))

    def advance(self, moved: int) -> None:
        self.moved += moved


class PlainTerminal(Terminal):
    """A `Terminal` that is none: `written()` is what it has written, and no time passes in it."""

    def __init__(self, *, animated: bool = False) -> None:
        self._file = io.StringIO()
        super().__init__(
            HarmlessConsole(file=self._file, force_terminal=animated, width=100, highlight=False),
            HarmlessConsole(file=self._file, width=100, highlight=False),
            clock=lambda: 0.0,
        )

    def written(self) -> str:
        return self._file.getvalue()

    def lines(self) -> list[str]:
        return [line.rstrip() for line in self.written().splitlines()]


class FakePaginator:
    """Gives prepared pages, whatever is asked."""

    def __init__(self, pages: list[dict[str, Any]]) -> None:
        self._pages = pages

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        return iter(self._pages)


class FakeStepFunctions:
    """Steps through prepared moments of one execution: (status, number of events known by then).

    A moment may be an exception instead, which DescribeExecution then raises.
    """

    def __init__(
        self,
        description: dict[str, Any],
        events: list[dict[str, Any]],
        moments: list[tuple[str, int] | Exception],
    ) -> None:
        self._description = description
        self._events = events
        self._moments = moments
        self._known = 0

    def describe_execution(self, executionArn: str) -> dict[str, Any]:
        moment = self._moments.pop(0)
        if isinstance(moment, Exception):
            raise moment
        status, self._known = moment
        ended = {} if status == "RUNNING" else {"stopDate": self._events[-1]["timestamp"]}
        return {**self._description, "executionArn": executionArn, "status": status, **ended}

    def get_paginator(self, operation: str) -> FakePaginator:
        assert operation == "get_execution_history"
        known = self._events[: self._known]
        return FakePaginator([{"events": known[i : i + 3]} for i in range(0, len(known), 3)])

    def describe_state_machine_for_execution(self, executionArn: str) -> dict[str, Any]:
        return {"definition": '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'}


class FakeLogs:
    """One log group of streams; a page holds two events, where CloudWatch's hold thousands."""

    class exceptions:
        class ResourceNotFoundException(ClientError):
            pass

    def __init__(self, streams: dict[str, list[str]] | None = None) -> None:
        self.streams = streams
        self.reads = 0

    def describe_log_streams(self, logGroupName: str, logStreamNamePrefix: str) -> dict[str, Any]:
        if self.streams is None:
            raise self.exceptions.ResourceNotFoundException({}, "DescribeLogStreams")
        names = [name for name in self.streams if name.startswith(logStreamNamePrefix)]
        return {"logStreams": [{"logStreamName": name} for name in names]}

    def get_log_events(
        self, logGroupName: str, logStreamName: str, startFromHead: bool, nextToken: str = "f/0"
    ) -> dict[str, Any]:
        assert self.streams is not None
        self.reads += 1
        begin = int(nextToken.removeprefix("f/"))
        messages = self.streams[logStreamName][begin : begin + 2]
        return {
            "events": [{"message": message} for message in messages],
            "nextForwardToken": f"f/{begin + len(messages)}",
        }


def client_error(
    code: str, status: int = 400, message: str = "no", operation: str = "Operation"
) -> ClientError:
    """What boto3 raises when AWS answers with an error."""
    response: Any = {
        "Error": {"Code": code, "Message": message},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(response, operation)
