"""One execution as its page shows it: read once, then only what is new."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from console.executions.graph import Graph, graph
from console.executions.history import History
from console.executions.timeline import Line, lines
from console.executions.visits import Visits
from operations.errors import NoExecutionError
from operations.executions import view as execution
from operations.executions.observer import Observer
from operations.executions.record import RunRecord, record
from operations.executions.training_log import Epoch
from operations.executions.view import Event, ExecutionView, States, StateView

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_stepfunctions import SFNClient

KEPT = 4  # histories, of up to 25,000 events each
OLDER_AT_ONCE = 1  # pages of older events with each reading


@dataclass(frozen=True)
class Snapshot:
    """An execution at one moment. `complete` is whether all of its events have been read.

    `redrive_refused` is why AWS would not redrive it, empty if it would.
    """

    view: ExecutionView
    input: str
    redrive_refused: str
    redrives: int
    complete: bool
    events: int
    now: datetime
    timeline: tuple[Line, ...]
    epochs: tuple[Epoch, ...]
    run: RunRecord


class Reader:
    """Reads one execution; every call of `read` gives the newest snapshot."""

    def __init__(self, states: "SFNClient", logs: "CloudWatchLogsClient", arn: str) -> None:
        self._states, self._arn = states, arn
        self._observer = Observer(states, logs, arn)
        self._history = History(states, arn)
        self._visits, self._folded = Visits(), States()
        self._graph: Graph | None = None
        self._newest: tuple[Any, Snapshot] | None = None
        self._reading = threading.Lock()

    def graph(self) -> Graph:
        """The state machine as it was when the execution started."""
        if self._graph is None:
            machine = self._states.describe_state_machine_for_execution(executionArn=self._arn)
            self._graph = graph(machine["definition"])
        return self._graph

    def read(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Snapshot:
        """Ask for the status first, so that the history is never older.

        Raises NoExecutionError, and botocore's errors.
        """
        newest = self._newest
        if not self._reading.acquire(blocking=newest is None):
            assert newest is not None
            return newest[1]  # another tab reads: nobody waits for what this one would ask again
        try:
            described = self._describe()
            key = (described["status"], described.get("redriveCount", 0), self._history.complete)
            settled = self._history.complete and self._history.ended
            if settled and self._newest and self._newest[0] == key:
                return self._newest[1]
            folded = self._read_events()
            key = (*key[:2], self._history.complete)
            snapshot = self._snapshot(described, folded, clock())
            self._newest = (key, snapshot)
            return snapshot
        finally:
            self._reading.release()

    def visits(self) -> Visits:
        """All stays in states that are known."""
        return self._visits

    def events(self, first: int, count: int) -> list[Event]:
        """Some of the events, the newest first; `first` counts from 0, the newest."""
        known = self._history.events
        end = max(0, len(known) - first)
        return known[max(0, end - count) : end][::-1]

    def _describe(self) -> dict[str, Any]:
        try:
            return dict(self._states.describe_execution(executionArn=self._arn))
        except ClientError as error:
            if error.response["Error"].get("Code") not in ("ExecutionDoesNotExist", "InvalidArn"):
                raise
            raise NoExecutionError("There is no such execution") from error

    def _read_events(self) -> tuple[StateView, ...]:
        opening = not self._history.events
        news = self._history.read_news()
        older = 0
        while not opening and older < OLDER_AT_ONCE and self._history.read_older():
            older += 1
        visits, folded = self._visits, self._folded
        # Until all of them are there, those that were the newest at first and later ones are shown.
        if older and self._history.complete:
            visits, folded, news = Visits(), States(), self._history.events
        visits.add(news)
        found = folded.add(news)
        self._visits, self._folded = visits, folded  # whole, for whoever looks meanwhile
        return found

    def _snapshot(
        self, described: dict[str, Any], states: tuple[StateView, ...], now: datetime
    ) -> Snapshot:
        pauses = execution.read_pauses(self._history.events)
        view = execution.combined(described, states, pauses)
        return Snapshot(
            view=view,
            input=described.get("input", ""),
            redrive_refused=_refusal(described),
            redrives=described.get("redriveCount", 0),
            complete=self._history.complete,
            events=len(self._history.events),
            now=now,
            timeline=lines(self._visits.all, view, now),
            epochs=tuple(self._observer.epochs(view)),
            run=record(view),
        )


class Readers:
    """The readers of the executions that were looked at last, one for all pages that show one."""

    def __init__(self, make: Callable[[str], Reader]) -> None:
        self._make = make
        self._kept: OrderedDict[str, Reader] = OrderedDict()

    def of(self, arn: str) -> Reader:
        """The reader of an execution."""
        if arn not in self._kept:
            self._kept[arn] = self._make(arn)
        self._kept.move_to_end(arn)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return self._kept[arn]


def _refusal(described: dict[str, Any]) -> str:
    if described.get("redriveStatus") == "REDRIVABLE":
        return ""
    return str(described.get("redriveStatusReason") or "Step Functions does not offer it")
