"""Histories in an order of their own: events of branches that ran side by side may interleave."""

import json
from collections import defaultdict
from typing import Any

Event = dict[str, Any]

_OPENING = ("ParallelStateStarted", "MapStateStarted", "MapRunStarted", "MapIterationStarted")
_CLOSING = tuple(
    f"{kind}{end}"
    for kind in ("ParallelState", "MapState", "MapRun", "MapIteration")
    for end in ("Succeeded", "Failed", "Aborted")
)


def has_branches(events: list[Event]) -> bool:
    """Tell whether parts of the execution ran side by side."""
    return any(event.get("type") in _OPENING for event in events)


def ordered(events: list[Event]) -> list[Event]:
    """Return the events as a tree is read: each branch as a whole, branches by what begins them.

    What ends a Map, an iteration or a Parallel follows the event that began it, since which of its
    branches was the last one is chance. Ids and previousEventIds are given anew.
    """
    by_id = {event["id"]: event for event in events}
    children = defaultdict(list)
    for event in events:
        children[_parent(event, by_id)].append(event)
    result: list[Event] = []
    new_id: dict[int, int] = {0: 0}

    def visit(parent: int) -> None:
        for event in sorted(children[parent], key=_place):
            new_id[event["id"]] = len(result) + 1
            result.append(event | {"id": new_id[event["id"]], "previousEventId": new_id[parent]})
            visit(event["id"])

    roots = [number for number in children if number not in by_id]
    for number in sorted(roots):
        new_id.setdefault(number, 0)
        visit(number)
    return result


def is_sorted(events: list[Event]) -> bool:
    """Tell whether a recording keeps the events of a Parallel sorted, without their numbers."""
    return any(isinstance(event["id"], list) for event in events)


def sorted_branches(events: list[Event]) -> list[Event]:
    """Return the events as such a recording keeps them.

    What lies between the innermost ParallelStateStarted and each following event that closes a
    Parallel state is sorted and has no numbers; closing events that follow one another are left
    out but for the last.
    """
    result: list[Event] = []
    begin, inside, branch = 0, False, []
    for event in events:
        kind = event["type"]
        if kind == "ParallelStateStarted":
            result.append(event)
            begin, inside, branch = len(result), True, []
        elif kind.startswith("ParallelState") and kind != "ParallelStateEntered":
            if begin:
                result[begin:] = sorted(branch, key=_text)
            result.append(event)
            inside = False
        elif inside:
            branch.append(event | {"id": [0], "previousEventId": 0})
            result.append(branch[-1])
        else:
            result.append(event)
    return result


def _text(event: Event) -> str:
    return json.dumps(event, sort_keys=True, default=lambda _: "timestamp")


def _parent(event: Event, by_id: dict[int, Event]) -> int:
    """Return the id of what came before; for a closing event, of what it closes."""
    number = int(event["previousEventId"])
    if event["type"] not in _CLOSING:
        return number
    opening = event["type"].removesuffix("Succeeded").removesuffix("Failed")
    opening = opening.removesuffix("Aborted") + "Started"
    at, depth = number, 0
    while at in by_id:
        kind = by_id[at]["type"]
        if kind == opening and depth == 0:
            return at
        depth += kind.startswith(opening.removesuffix("Started")) and kind in _CLOSING
        depth -= kind == opening
        at = int(by_id[at]["previousEventId"])
    return number


def _place(event: Event) -> tuple[str, int, str]:
    details = next((v for k, v in event.items() if k.endswith("EventDetails")), None)
    details = details if isinstance(details, dict) else {}
    return str(event["type"]), int(details.get("index", 0)), str(details.get("name", ""))
