"""Where a redriven execution goes on: the state, and its input as it was.

Pure: the definition and the events of the history in, a point out.
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html#redrive-individual-state-behavior
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Event = dict[str, Any]

_COMPOUND = ("Map", "Parallel")
_FAILURES = ("Failed", "TimedOut")


class CannotResumeError(Exception):
    """The execution ended where this engine cannot take it up again; the message says why."""


@dataclass(frozen=True)
class ResumePoint:
    """The state to go on with. `entered` says whether the history already holds its entry."""

    state: str
    input: Any
    entered: bool


def resume_point(
    definition: dict[str, Any], events: Sequence[Event], execution_input: Any
) -> ResumePoint:
    """Find the state in which the execution ended, or the one after it if it had just been left.

    Raises CannotResumeError for an end inside of a Map or Parallel, of which AWS would redrive only
    the iterations or branches that did not succeed.
    """
    states = definition["States"]
    entry = _last_entry(events, states)
    if entry is None:
        return ResumePoint(definition["StartAt"], execution_input, entered=False)
    entered = events[entry]["stateEnteredEventDetails"]
    name, later = entered["name"], events[entry + 1 :]
    output = _output(name, later)
    # A Choice, or a Catch, leaves it open which state would have come next: those run again.
    following = states[name].get("Next")
    if output is not None and following and not _ended_in_failure(later):
        return ResumePoint(following, json.loads(output), entered=False)
    kind = states[name]["Type"]
    if kind in _COMPOUND:
        raise CannotResumeError(
            f"Execution ended inside of the {kind} state {name!r}, where the embedded AWS cannot "
            "redrive; AWS would"
        )
    return ResumePoint(name, json.loads(entered["input"]), entered=True)


def _last_entry(events: Sequence[Event], names: Iterable[str]) -> int | None:
    """The index of the newest entry of a top-level state; names are unique in a definition."""
    for index in range(len(events) - 1, -1, -1):
        details = events[index].get("stateEnteredEventDetails")
        if details and details["name"] in names:
            return index
    return None


def _output(name: str, events: Sequence[Event]) -> str | None:
    """What the state gave to the next one; None if it has not been left."""
    exits = (event.get("stateExitedEventDetails", {}) for event in events)
    return next((details["output"] for details in exits if details.get("name") == name), None)


def _ended_in_failure(events: Sequence[Event]) -> bool:
    """Whether the task failed for good, so that the state was left through a Catch."""
    results = [
        kind
        for kind in (event["type"] for event in events)
        if not kind.startswith("Execution") and kind.endswith((*_FAILURES, "Succeeded"))
    ]
    return bool(results) and results[-1].endswith(_FAILURES)
