"""Each time that an execution was in a state, with the attempts that were made there.

`operations.executions.view` tells of the newest attempt of each state; here are all of them, and
what went in and came out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from operations.executions.view import ENDINGS, TASK_FAILURES, Event, StateStatus, Work, work_of


@dataclass
class Attempt:
    """One try of a task: by a job or a Lambda that is known by name."""

    number: int
    started: datetime
    work: Work | None = None
    ended: datetime | None = None
    status: StateStatus = "running"
    error: str = ""
    cause: str = ""


@dataclass
class Visit:
    """One stay in a state. `input` and `output` are JSON; a redrive makes a visit of its own."""

    name: str
    kind: str
    entered: datetime
    input: str = ""
    redriven: bool = False
    ended: datetime | None = None
    status: StateStatus = "running"
    output: str = ""
    attempts: list[Attempt] = field(default_factory=list)


class Visits:
    """All visits of an execution, as far as its events have been added, oldest first."""

    def __init__(self) -> None:
        self.all: list[Visit] = []
        self._made: dict[str, int] = {}

    def add(self, events: Iterable[Event]) -> None:
        """Take the events that follow."""
        for event in events:
            if event["type"].endswith("StateEntered"):
                details = event["stateEnteredEventDetails"]
                self.all.append(
                    Visit(
                        name=details["name"],
                        kind=event["type"].removesuffix("StateEntered"),
                        entered=event["timestamp"],
                        input=details.get("input") or "",
                    )
                )
            elif self.all:
                self._change(self.all[-1], event["type"], event)

    def of(self, state: str) -> list[Visit]:
        """The visits of one state."""
        return [visit for visit in self.all if visit.name == state]

    def _change(self, visit: Visit, kind: str, event: Event) -> None:
        now = event["timestamp"]
        if kind.endswith("StateExited"):
            visit.status, visit.ended = "succeeded", now
            visit.output = event.get("stateExitedEventDetails", {}).get("output") or ""
        elif kind in ENDINGS and visit.ended is None:
            visit.status, visit.ended = ENDINGS[kind], now
            for attempt in visit.attempts:
                if attempt.ended is None:
                    attempt.status, attempt.ended = ENDINGS[kind], now
        elif kind == "ExecutionRedriven" and visit.status != "succeeded":
            again = Visit(visit.name, visit.kind, now, visit.input, redriven=True)
            self.all.append(again)
        elif kind == "TaskScheduled":
            number = self._made[visit.name] = self._made.get(visit.name, 0) + 1
            work = work_of(event["taskScheduledEventDetails"])
            visit.attempts.append(Attempt(number, now, work))
        elif visit.attempts:
            _change(visit.attempts[-1], kind, event)


def _change(attempt: Attempt, kind: str, event: Event) -> None:
    if kind == "TaskSucceeded":
        attempt.status, attempt.ended = "succeeded", event["timestamp"]
    elif kind in TASK_FAILURES:
        details = event.get(TASK_FAILURES[kind], {})
        attempt.status, attempt.ended = "failed", event["timestamp"]
        attempt.error, attempt.cause = details.get("error") or "", details.get("cause") or ""
