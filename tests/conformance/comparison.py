"""Whether an answer is the recorded one, but for names, times and ids.

In the recordings `<name>`, `<name:1>`, `111111111111` and `snf_role_arn` stand for any text, the
same for the same placeholder within a case, and `timestamp`, `datetime` and `date` for any time.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_TIMES = {"timestamp", "datetime", "date"}
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?")
_PLACEHOLDER = re.compile(r"<[A-Za-z][\w-]*(?::\d+)?>|111111111111|snf_role_arn")
_MISSING = object()
# Wordings and numbering: what no program reads.
_COSMETIC = re.compile(r"\.(cause|Cause|exception_value|id|previousEventId)$")


@dataclass(frozen=True)
class Difference:
    """One place of an answer that is not as recorded."""

    path: str
    recorded: Any
    found: Any

    @property
    def cosmetic(self) -> bool:
        """Whether only the wording of a cause, an event's number or a text's spacing differs."""
        if "(nothing)" in (self.recorded, self.found):
            return False
        return bool(_COSMETIC.search(self.path)) or _same_json(self.recorded, self.found)

    def __str__(self) -> str:
        return f"{self.path}: AWS {_short(self.recorded)}, here {_short(self.found)}"


class Comparison:
    """Compares the answers of one case: what a placeholder stood for once, it stands for again."""

    def __init__(self) -> None:
        self._bound: dict[str, Any] = {}

    def differences(self, recorded: Any, found: Any, path: str = "$") -> list[Difference]:
        """Return every difference below `path`; texts that are JSON are compared unfolded."""
        if isinstance(recorded, str):
            same = self._same_text(recorded, found)
            return [] if same else [Difference(path, recorded, found)]
        found = _unfolded(found, recorded)
        if isinstance(recorded, dict) and isinstance(found, dict):
            return self._of_objects(recorded, found, path)
        if isinstance(recorded, list) and isinstance(found, list):
            return self._of_lists(recorded, found, path)
        same = recorded == found and isinstance(recorded, bool) == isinstance(found, bool)
        return [] if same else [Difference(path, recorded, found)]

    def _of_objects(
        self, recorded: dict[str, Any], found: dict[str, Any], path: str
    ) -> list[Difference]:
        result = []
        for name in sorted(recorded.keys() | found.keys()):
            here = f"{path}.{name}"
            if name not in recorded or name not in found:
                nothing = "(nothing)"
                result.append(
                    Difference(here, recorded.get(name, nothing), found.get(name, nothing))
                )
            else:
                result += self.differences(recorded[name], found[name], here)
        return result

    def _of_lists(self, recorded: list[Any], found: list[Any], path: str) -> list[Difference]:
        pairs = enumerate(zip(recorded, found, strict=False))
        result = [d for n, (a, b) in pairs for d in self.differences(a, b, f"{path}[{n}]")]
        if len(recorded) != len(found):
            result.append(Difference(f"{path}.length", len(recorded), len(found)))
        return result

    def _same_text(self, recorded: str, found: Any) -> bool:
        if recorded.strip('"') in _TIMES and _is_time(found):
            return True
        if _PLACEHOLDER.fullmatch(recorded):
            return bool(self._bound.setdefault(recorded, found) == found)
        if not isinstance(found, str):
            return False
        if recorded == found:
            return True
        return self._fits(recorded, found)

    def _fits(self, recorded: str, found: str) -> bool:
        """Match a text with placeholders in it, and keep what they stood for."""
        placeholders = _PLACEHOLDER.findall(recorded)
        if not placeholders:
            return False
        literals = [re.escape(text) for text in _PLACEHOLDER.split(recorded)]
        match = re.fullmatch("(.*?)".join(literals), found, re.DOTALL)
        if match is None:
            return False
        pairs = zip(placeholders, match.groups(), strict=True)
        return all(self._bound.setdefault(name, text) == text for name, text in pairs)


def _unfolded(value: Any, recorded: Any) -> Any:
    """Return what a text holds where the recording is no text; else the value."""
    if isinstance(value, str) and recorded is not None:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _same_json(recorded: Any, found: Any) -> bool:
    """Tell whether two texts are the same JSON, spelled with other spaces."""
    if not isinstance(recorded, str) or not isinstance(found, str):
        return False
    try:
        return bool(json.loads(recorded) == json.loads(found))
    except ValueError:
        return False


def _is_time(value: Any) -> bool:
    return isinstance(value, datetime) or (
        isinstance(value, str) and _TIME.fullmatch(value.strip('"')) is not None
    )


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 200 else f"{text[:200]}..."
