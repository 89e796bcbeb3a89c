"""Play a case against a server and tell what differs from AWS's answer."""

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from tests.conformance.comparison import Comparison, Difference
from tests.conformance.histories import has_branches, is_sorted, ordered, sorted_branches
from tests.conformance.recordings import MachineCase, PatternCase

_SECONDS = 20
_POLL_SECONDS = 0.05

Clients = Callable[[str], Any]


def play(case: MachineCase | PatternCase, client: Clients, role: str) -> list[Difference]:
    """Return what the server that `client` reaches answers otherwise than AWS did."""
    if isinstance(case, PatternCase):
        return _play_pattern(case, client("events"))
    return _play_machine(case, client("stepfunctions"), role)


def _play_pattern(case: PatternCase, events: Any) -> list[Difference]:
    try:
        found = events.test_event_pattern(
            Event=json.dumps(case.event), EventPattern=json.dumps(case.pattern)
        )["Result"]
    except ClientError as error:
        found = error.response["Error"]["Code"]
    recorded = "InvalidEventPatternException" if case.matches is None else case.matches
    return [] if found == recorded else [Difference("$", recorded, found)]


def _play_machine(case: MachineCase, states: Any, role: str) -> list[Difference]:
    comparison = Comparison()
    try:
        machine = states.create_state_machine(
            name=f"case-{uuid4().hex[:12]}",
            definition=case.definition,
            roleArn=role,
            type=case.type,
        )["stateMachineArn"]
    except ClientError as error:
        return comparison.differences(case.answers.get("exception", "a machine"), _refusal(error))
    if case.input is None:
        return comparison.differences(case.answers["exception"], "a machine")
    started = states.start_execution(stateMachineArn=machine, input=case.input)["executionArn"]
    described = _ended(states, started)
    result = []
    for name, recorded in case.answers.items():
        found = _answer(name, states, described, recorded)
        result += _compared(comparison, recorded, found, name)
    return result


def _answer(name: str, states: Any, described: dict[str, Any], recorded: Any) -> Any:
    if name.startswith("describe_execution"):
        return {key: value for key, value in described.items() if key != "ResponseMetadata"}
    if name == "cases":
        return [{"input": described["input"], "output": described.get("output")} for _ in recorded]
    pages = states.get_paginator("get_execution_history").paginate(
        executionArn=described["executionArn"]
    )
    return {"events": [event for page in pages for event in page["events"]]}


def _compared(comparison: Comparison, recorded: Any, found: Any, name: str) -> list[Difference]:
    """Compare as it stands; a history with branches in an order of its own if that differs."""
    events = recorded.get("events") if isinstance(recorded, dict) else None
    if events and is_sorted(events):
        found = found | {"events": sorted_branches(found["events"])}
    elif events and (has_branches(events) or has_branches(found["events"])):
        recorded = recorded | {"events": ordered(events)}
        found = found | {"events": ordered(found["events"])}
    return comparison.differences(recorded, found, name)


def _ended(states: Any, execution: str) -> dict[str, Any]:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        described: dict[str, Any] = states.describe_execution(executionArn=execution)
        if described["status"] != "RUNNING":
            break
        time.sleep(_POLL_SECONDS)
    return described


def _refusal(error: ClientError) -> dict[str, Any]:
    return {"exception_typename": error.response["Error"]["Code"], "exception_value": str(error)}
