"""Why a definition is refused, in AWS's words and with the place, where they are known.

What is not known to be AWS's stays in the words of moto's parser.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
"""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from moto.stepfunctions.parser.api import InvalidDefinition
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from local_aws.wrapping import Original, replace


def install() -> None:
    """Say so before moto parses the definition."""
    validate: Original = StepFunctionsParserBackend._validate_definition

    def check(definition: str) -> None:
        problem = next(problems(definition), None)
        if problem is not None:
            raise InvalidDefinition(f"Invalid State Machine Definition: '{problem}'")
        validate(definition=definition)

    replace(StepFunctionsParserBackend, _validate_definition=staticmethod(check))


def problems(definition: str) -> Iterator[str]:
    """Yield what AWS would say of a definition; nothing of one that is no JSON."""
    try:
        read = json.loads(definition)
    except ValueError:
        return
    for where, state in _states(read, ""):
        if state.get("Type") == "Wait" and _is_no_time(state.get("Timestamp")):
            yield (
                "SCHEMA_VALIDATION_FAILED: String does not match RFC3339 timestamp "
                f"at {where}/Timestamp"
            )


def _states(machine: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each state with its place, those inside of Map and Parallel too."""
    states = machine.get("States") if isinstance(machine, dict) else None
    for name, state in states.items() if isinstance(states, dict) else ():
        if not isinstance(state, dict):
            continue
        here = f"{where}/States/{name}"
        yield here, state
        for field in ("ItemProcessor", "Iterator"):
            yield from _states(state.get(field), f"{here}/{field}")
        branches = state.get("Branches")
        for number, branch in enumerate(branches if isinstance(branches, list) else ()):
            yield from _states(branch, f"{here}/Branches[{number}]")


def _is_no_time(value: Any) -> bool:
    """Whether the literal is no time; an expression of JSONata may become one."""
    if not isinstance(value, str) or value.startswith("{%"):
        return False
    found: datetime | None = Timestamp._from_timestamp_string(value)
    return found is None
