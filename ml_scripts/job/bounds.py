"""What each hyperparameter may be, as hyperparameters.json beside the scripts says.

A deployment reads the same file, so that a value which this job would refuse is refused before
anything is paid: docs/bring-your-own.md.
"""

import argparse
import functools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent.parent / "hyperparameters.json"


def reader(name: str, kind: Callable[[str], Any], file: Path = FILE) -> Callable[[str], Any]:
    """Return what makes a value of the text of hyperparameter `name`, for `add_argument(type=)`.

    `kind` is int, float or str. A hyperparameter that `file` does not name has no bounds, and none
    has without the file. What is returned raises ArgumentTypeError, or ValueError where the text is
    no number.
    """
    bound = _declared(file).get(name, {})

    def read(text: str) -> Any:
        value = kind(text)
        if problem := _problem(value, bound):
            raise argparse.ArgumentTypeError(f"{text} is {problem}")
        return value

    read.__name__ = kind.__name__  # argparse names it where the text is no number
    return read


def _problem(value: Any, bound: dict[str, Any]) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "not a finite number"
    if "enum" in bound and value not in bound["enum"]:
        return f"none of {', '.join(bound['enum'])}"
    if "minimum" in bound and value < bound["minimum"]:
        return f"less than {bound['minimum']}"
    if "exclusiveMinimum" in bound and value <= bound["exclusiveMinimum"]:
        return f"not above {bound['exclusiveMinimum']}"
    if "maximum" in bound and value > bound["maximum"]:
        return f"more than {bound['maximum']}"
    return ""


@functools.cache
def _declared(file: Path) -> dict[str, dict[str, Any]]:
    if not file.exists():
        return {}
    declared: dict[str, dict[str, Any]] = json.loads(file.read_text("utf-8"))
    return declared
