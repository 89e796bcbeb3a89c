"""The folder of recordings, read."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import json5

_PROJECT = Path(__file__).resolve().parents[2]
_DEFAULT = _PROJECT.parent / "shared" / "conformance"


@dataclass(frozen=True)
class MachineCase:
    """One state machine, started at most once, and what AWS answered.

    `definition` is text, `input` the text given to StartExecution or None where the creation is
    the case; `answers` are the recorded answers by the name of their call.
    """

    name: str
    family: str
    definition: str
    type: str
    input: str | None
    answers: dict[str, Any] = field(hash=False)


@dataclass(frozen=True)
class PatternCase:
    """An event, a pattern, and whether it matched: None where AWS refused the pattern."""

    name: str
    family: str
    event: dict[str, Any] = field(hash=False)
    pattern: Any = field(hash=False)
    matches: bool | None


def folder() -> Path:
    """Return the folder of recordings, whether there is one or not."""
    return Path(os.environ.get("CONFORMANCE") or _DEFAULT)


def read() -> list[MachineCase | PatternCase]:
    """Return all cases in the order of their files; none, if there is no folder."""
    machines = sorted(folder().glob("stepfunctions/*.json"))
    patterns = sorted(folder().glob("event-patterns/*.json5"))
    return [
        *(_machine_case(case) for path in machines for case in json.loads(path.read_text("utf-8"))),
        *(_pattern_case(path) for path in patterns),
    ]


def _machine_case(case: dict[str, Any]) -> MachineCase:
    definition = case["definition"]
    return MachineCase(
        name=case["case"],
        family=case["family"],
        definition=definition if isinstance(definition, str) else json.dumps(definition),
        type=case["type"],
        input=case["input"] if case["call"] else None,
        answers=case["recorded_answers"],
    )


def _pattern_case(path: Path) -> PatternCase:
    case = json5.loads(path.read_text("utf-8"), allow_duplicate_keys=True)
    matches = {"NEG": False, "EXC": None}.get(path.stem.rpartition("_")[2], True)
    name = f"event-patterns/{path.stem}"
    return PatternCase(name, "event_patterns", case["Event"], case["EventPattern"], matches)
