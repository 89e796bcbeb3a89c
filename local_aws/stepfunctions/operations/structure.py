"""What AWS finds wrong with the structure of a state machine: its code, its words, and where.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinitionDiagnostic.html
https://states-language.net/spec.html

The engine's parser knows the language, and says what it stumbles over in its own words. It does
not follow the transitions.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp

SCHEMA = "SCHEMA_VALIDATION_FAILED"
_TARGET = "MISSING_TRANSITION_TARGET"
_GOES_ON = {"Pass", "Task", "Wait", "Parallel", "Map"}
_TYPES = {*_GOES_ON, "Choice", "Succeed", "Fail"}
_NOT_EXPRESS = {".sync": ".sync", ".sync:2": ".sync", ".waitForTaskToken": ".waitForTaskToken"}


class Problem(NamedTuple):
    """One thing that AWS refuses; `location` is a path such as /States/A/Next, or empty."""

    code: str
    message: str
    location: str = ""

    def __str__(self) -> str:
        where = f" at {self.location}" if self.location else ""
        return f"{self.code}: {self.message}{where}"


def problems(definition: str, *, express: bool = False) -> list[Problem]:
    """Return what is wrong with the structure of a definition, in AWS's order."""
    try:
        document = json.loads(definition)
    except ValueError as error:
        return [Problem("INVALID_JSON_DESCRIPTION", str(error))]
    if not isinstance(document, dict):
        return [Problem("INVALID_JSON_DESCRIPTION", "The definition must be an object")]
    found = list(_of_machine(document, ""))
    if express and not found:
        found = list(_not_express(document, ""))
    return found


def _of_machine(machine: Any, where: str) -> Iterator[Problem]:
    """Look at a machine, or at the branches and the item processor of a state, at `where`."""
    missing = [name for name in ("StartAt", "States") if name not in machine]
    if missing:
        yield Problem(SCHEMA, f"These fields are required: [{', '.join(missing)}]", where or "/")
        return
    states = machine["States"]
    if not isinstance(states, dict) or not states:
        yield Problem(SCHEMA, "The States field must hold at least one state", f"{where}/States")
        return
    of_states = [each for name in states for each in _of_state(states, name, where)]
    yield from of_states or _of_transitions(machine, where)
    for inner, place in _inner_machines(states, where):
        yield from _of_machine(inner, place)


def _of_state(states: dict[str, Any], name: str, where: str) -> Iterator[Problem]:
    """Look at what each state needs; that AWS uses these words for a wrong Type is believed."""
    state, place = states[name], f"{where}/States/{name}"
    if not isinstance(state, dict) or "Type" not in state:
        yield Problem(SCHEMA, "These fields are required: [Type]", place)
    elif state["Type"] not in _TYPES:
        yield Problem(SCHEMA, f"'{state['Type']}' is not a valid state type", f"{place}/Type")
    elif state["Type"] in _GOES_ON and not {"Next", "End"} & state.keys():
        yield Problem(SCHEMA, "One of these fields is required: [Next, End]", place)
    elif state["Type"] == "Wait" and _is_no_time(state.get("Timestamp")):
        yield Problem(SCHEMA, "String does not match RFC3339 timestamp", f"{place}/Timestamp")
    elif state["Type"] == "Choice":
        for number, rule in enumerate(_list(state, "Choices")):
            if "Next" not in rule:
                at = f"{place}/Choices[{number}]"
                yield Problem(SCHEMA, "These fields are required: [Next]", at)


def _is_no_time(value: Any) -> bool:
    """Whether the literal is no time; an expression of JSONata may become one."""
    if not isinstance(value, str) or value.startswith("{%"):
        return False
    found: datetime | None = Timestamp._from_timestamp_string(value)
    return found is None


def _of_transitions(machine: dict[str, Any], where: str) -> Iterator[Problem]:
    """Follow the transitions; a machine without an end is not asked what it does not reach."""
    states = machine["States"]
    targets = [(machine["StartAt"], f"{where}/StartAt")]
    targets += [
        each for name in states for each in _targets(states[name], f"{where}/States/{name}")
    ]
    for target, place in targets:
        if target not in states:
            yield Problem(_TARGET, f"Missing 'Next' target: {target}", place)
    if not any(_is_terminal(state) for state in states.values()):
        yield Problem("MISSING_END_STATE", "Workflow has no terminal state")
        return
    reached = {target for target, _ in targets}
    for name in states:
        if name not in reached:
            message = f'State "{name}" is not reachable.'
            yield Problem(_TARGET, message, f"{where}/States/{name}")


def _targets(state: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    for field in ("Next", "Default"):
        if field in state:
            yield state[field], f"{place}/{field}"
    for field in ("Choices", "Catch"):
        for number, each in enumerate(_list(state, field)):
            if "Next" in each:
                yield each["Next"], f"{place}/{field}[{number}]/Next"


def _is_terminal(state: dict[str, Any]) -> bool:
    return bool(state.get("End")) or state["Type"] in ("Succeed", "Fail")


def _inner_machines(states: dict[str, Any], where: str) -> Iterator[tuple[Any, str]]:
    for name, state in states.items():
        if not isinstance(state, dict):
            continue
        place = f"{where}/States/{name}"
        for number, branch in enumerate(_list(state, "Branches")):
            yield branch, f"{place}/Branches[{number}]"
        for field in ("ItemProcessor", "Iterator"):
            if isinstance(state.get(field), dict):
                yield state[field], f"{place}/{field}"


def _list(state: dict[str, Any], field: str) -> list[dict[str, Any]]:
    """Return what the field lists; the parser says what else is wrong with it."""
    found = state.get(field)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _not_express(machine: dict[str, Any], where: str) -> Iterator[Problem]:
    """Find the tasks that only STANDARD machines have.

    https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
    """
    for name, state in machine["States"].items():
        resource = str(state.get("Resource", ""))
        place = f"{where}/States/{name}/Resource"
        if ":activity:" in resource:
            yield Problem(SCHEMA, "Express state machine does not support Activity ARN", place)
        for ending, pattern in _NOT_EXPRESS.items():
            if resource.startswith("arn:") and resource.endswith(ending):
                message = f"Express state machine does not support '{pattern}' service integration"
                yield Problem(SCHEMA, message, place)
    for inner, place in _inner_machines(machine["States"], where):
        yield from _not_express(inner, place)
