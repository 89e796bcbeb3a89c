"""An execution as people think of it, read from the event history of Step Functions.

Pure: events in, views out.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from lambdas.boundary.text import printable, printable_lines
from operations.run_files import plan as plan_file

StateStatus = Literal["running", "succeeded", "failed", "aborted"]
Event = dict[str, Any]
Pause = tuple[datetime, datetime]

JOB_LOG_GROUPS = {
    "TrainingJobName": "/aws/sagemaker/TrainingJobs",
    "ProcessingJobName": "/aws/sagemaker/ProcessingJobs",
}

ENDINGS: dict[str, StateStatus] = {
    "ExecutionSucceeded": "succeeded",
    "ExecutionFailed": "failed",
    "ExecutionTimedOut": "failed",
    "ExecutionAborted": "aborted",
}
TASK_FAILURES = {
    "TaskFailed": "taskFailedEventDetails",
    "TaskTimedOut": "taskTimedOutEventDetails",
    "TaskStartFailed": "taskStartFailedEventDetails",
    "TaskSubmitFailed": "taskSubmitFailedEventDetails",
}


@dataclass(frozen=True)
class Work:
    """What a task state runs: a SageMaker job or a Lambda, and the log group that it writes to."""

    name: str
    log_group: str
    is_job: bool


@dataclass(frozen=True)
class StateView:
    """One state that the execution has entered.

    `kind` is Task, Choice, Succeed, Fail; `attempts` counts retries and redrives too; `result` is
    what the task returned, before ResultSelector. After a redrive `entered` is when it went on.
    """

    name: str
    kind: str
    entered: datetime
    ended: datetime | None = None
    status: StateStatus = "running"
    attempts: int = 0
    work: Work | None = None
    result: dict[str, Any] | None = None
    error: str = ""
    cause: str = ""

    def seconds(self, now: datetime) -> float:
        """How long the state has taken until it ended, or until `now`."""
        return ((self.ended or now) - self.entered).total_seconds()


@dataclass(frozen=True)
class ExecutionView:
    """An execution at one moment. `status` is RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED.

    `pauses` are the times between its ends and its redrives.
    """

    arn: str
    status: str
    started: datetime
    stopped: datetime | None = None
    states: tuple[StateView, ...] = ()
    pauses: tuple[Pause, ...] = ()
    error: str = ""
    cause: str = ""

    @property
    def name(self) -> str:
        """The execution's name, the last part of its ARN."""
        return self.arn.rsplit(":", 1)[-1]

    @property
    def ended(self) -> bool:
        """Whether the status will change no more (a redrive apart)."""
        return self.status not in ("RUNNING", "PENDING_REDRIVE")

    @property
    def last(self) -> StateView | None:
        """The state that the execution is in, or was in when it ended."""
        return max(reversed(self.states), key=lambda state: state.entered, default=None)

    def state(self, name: str) -> StateView | None:
        """The state of that name, or None if it has not been entered."""
        return next((state for state in self.states if state.name == name), None)

    def payload(self, name: str) -> dict[str, Any]:
        """What the Lambda of the named state returned; empty if it has not."""
        state = self.state(name)
        returned = (state.result or {}).get("Payload") if state else None
        return returned if isinstance(returned, dict) else {}

    @property
    def reused(self) -> dict[str, str]:
        """The steps that an earlier run has computed, with that run's id."""
        return plan_file.read(self.payload("PrepareRun"), []).reused

    def seconds(self, now: datetime) -> float:
        """How long the execution has taken until it stopped, or until `now`."""
        return self.elapsed(self.stopped or now)

    def elapsed(self, at: datetime) -> float:
        """How many seconds the execution had run by then; what lay before a redrive is left out."""
        paused = [resumed - ended for ended, resumed in self.pauses if resumed <= at]
        return (at - self.started - sum(paused, timedelta())).total_seconds()


def read(description: dict[str, Any], events: Iterable[Event]) -> ExecutionView:
    """Combine DescribeExecution's answer and the events of GetExecutionHistory, oldest first."""
    events = list(events)
    return combined(description, read_states(events), read_pauses(events))


def combined(
    description: dict[str, Any], states: tuple[StateView, ...], pauses: tuple[Pause, ...]
) -> ExecutionView:
    """Combine DescribeExecution's answer with what its events tell."""
    stopped = description.get("stopDate")
    if stopped is None and description["status"] != "RUNNING" and states:
        stopped = states[-1].ended
    return ExecutionView(
        arn=description["executionArn"],
        status=description["status"],
        started=description["startDate"],
        stopped=stopped,
        states=states,
        pauses=pauses,
        error=printable(description.get("error") or ""),
        cause=printable_lines(description.get("cause") or ""),
    )


def read_states(events: Iterable[Event]) -> tuple[StateView, ...]:
    """The states in the order in which they were entered first, each with its newest attempt."""
    return States().add(events)


class States:
    """The states of an execution, as far as its events have been added, oldest first."""

    def __init__(self) -> None:
        self._states: dict[str, StateView] = {}
        self._current = ""

    def add(self, events: Iterable[Event]) -> tuple[StateView, ...]:
        """Take the events that follow; return all states in the order of their first entry."""
        for event in events:
            if event["type"].endswith("StateEntered"):
                self._current = event["stateEnteredEventDetails"]["name"]
                before = self._states.get(self._current)
                self._states[self._current] = _entered(event, self._current, before)
            elif self._current:
                self._states[self._current] = _changed(self._states[self._current], event)
        return tuple(self._states.values())


def read_pauses(events: Iterable[Event]) -> tuple[Pause, ...]:
    """The times from each end of the execution to the redrive that followed it."""
    pauses: list[Pause] = []
    ended: datetime | None = None
    for event in events:
        if event["type"] in ENDINGS:
            ended = event["timestamp"]
        elif event["type"] == "ExecutionRedriven" and ended is not None:
            pauses.append((ended, event["timestamp"]))
    return tuple(pauses)


def planned_states(definition: str) -> list[str]:
    """The names from StartAt on, as far as there is one way that goes on to more work.

    At a Choice, ways that end the execution or lead back into the line are left out, and so are
    those that skip some states of another.
    """
    machine = json.loads(definition)
    states: dict[str, Any] = machine["States"]
    names: list[str] = []
    name = machine.get("StartAt")
    while name in states and name not in names:
        names.append(name)
        ways = [choice["Next"] for choice in states[name].get("Choices", [])]
        ways += [states[name][key] for key in ("Next", "Default") if key in states[name]]
        if states[name]["Type"] == "Choice":
            ways = [way for way in ways if states[way].get("Next", way) not in [*names, way]]
        longest = (way for way in ways if set(ways) <= set(_line(states, way)))
        name = next(longest, None)
    return names


def _line(states: dict[str, Any], name: str | None) -> list[str]:
    """The names from one on, as far as each says which is next."""
    names: list[str] = []
    while name is not None and name not in names:
        names.append(name)
        name = states[name].get("Next")
    return names


def _entered(event: Event, name: str, before: StateView | None) -> StateView:
    kind = event["type"].removesuffix("StateEntered")
    attempts = before.attempts if before else 0
    return StateView(name=name, kind=kind, entered=event["timestamp"], attempts=attempts)


def _changed(state: StateView, event: Event) -> StateView:
    kind = event["type"]
    if kind.endswith("StateExited"):
        return replace(state, status="succeeded", ended=event["timestamp"])
    if kind in ENDINGS and state.ended is None:
        return replace(state, status=ENDINGS[kind], ended=event["timestamp"])
    if kind == "ExecutionRedriven" and state.status != "succeeded":
        return StateView(
            state.name, state.kind, entered=event["timestamp"], attempts=state.attempts
        )
    return _task_changed(state, kind, event)


def _task_changed(state: StateView, kind: str, event: Event) -> StateView:
    if kind == "TaskScheduled":
        work = work_of(event["taskScheduledEventDetails"])
        return replace(state, work=work, attempts=state.attempts + 1, error="", cause="")
    if kind == "TaskSucceeded":
        return replace(state, result=_json(event["taskSucceededEventDetails"].get("output") or ""))
    if kind in TASK_FAILURES:
        details = event.get(TASK_FAILURES[kind], {})
        error, cause = details.get("error") or "", details.get("cause") or ""
        return replace(state, error=error, cause=cause)
    return state


def work_of(scheduled: dict[str, Any]) -> Work | None:
    """What a TaskScheduled event has run; `scheduled` are its details."""
    parameters = _json(scheduled.get("parameters") or "")
    for key, group in JOB_LOG_GROUPS.items():
        if isinstance(name := parameters.get(key), str):
            return Work(printable(name), group, is_job=True)
    if isinstance(name := parameters.get("FunctionName"), str):
        function = printable(name).rpartition(":function:")[2].partition(":")[0]  # no version
        return Work(function, f"/aws/lambda/{function}", is_job=False)
    return None


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
