"""NaN, Infinity and numbers beyond a double in a request's JSON.

Python reads all of them. JSON has no NaN and no Infinity, and AWS's parsers refuse the words:
https://www.rfc-editor.org/rfc/rfc8259#section-6
What AWS makes of 1e999 is not known; nothing that comes later could read the Infinity of it.
"""

import json
import math
from collections.abc import Iterator
from typing import Any


class _NoNumber(float):
    """A number as its text has it, which no JSON may have."""

    text: str


def load(text: str | bytes) -> Any:
    """Return the JSON value; raise ValueError, which names the field, where a number is none."""
    try:
        value = json.loads(text, parse_constant=_read, parse_float=_read)
    except RecursionError as error:
        raise ValueError(str(error)) from error
    for field, number in _numbers(value, ""):
        raise ValueError(f"{field.lstrip('.') or 'input'}: {number.text} is no number of JSON")
    return value


def _read(text: str) -> float:
    value = _NoNumber(text)
    value.text = text
    return float(value) if math.isfinite(value) else value


def _numbers(value: Any, field: str) -> Iterator[tuple[str, _NoNumber]]:
    if isinstance(value, _NoNumber):
        yield field, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _numbers(inner, f"{field}.{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _numbers(inner, f"{field}.{number}")
