"""JSON as its standard has it, of a bounded size: what others wrote is read by nothing else."""

import json
import math
from typing import TYPE_CHECKING, Any

from lambdas.boundary.s3_objects import read_body
from lambdas.boundary.text import decoded, one_line

if TYPE_CHECKING:
    from botocore.response import StreamingBody


def read(body: "StreamingBody", largest: int) -> object:
    """Return the JSON value that an S3 object's body holds; the body is closed.

    Raises ValueError in one line: larger than ``largest`` bytes, or not strict JSON; what
    ``read_body`` raises where the body broke off.
    """
    content = read_body(body, largest)
    if len(content) > largest:
        raise ValueError(f"larger than {largest} bytes")
    return parse(content)


def parse(content: bytes) -> object:
    """Return the JSON value in ``content``, UTF-8 without NaN, Infinity or a key twice.

    A byte order mark is skipped, as RFC 8259 allows.
    A number that is too large for a float, such as 1e400, would be an Infinity: it is refused too.

    Raises ValueError saying what is wrong and where, deep nesting included.
    """
    try:
        if not content:
            raise ValueError("it is empty")
        found = json.loads(
            decoded(content),
            parse_constant=_Unusable,
            parse_float=_number,
            object_pairs_hook=_without_duplicates,
        )
        _refuse_unusable(found, "")
    except (ValueError, RecursionError) as error:
        raise ValueError(f"malformed: {error}") from error
    return found


class _Unusable(float):
    """What JSON has no number for; ``text`` is how it was written."""

    def __init__(self, text: str) -> None:
        self.text = text


def _number(text: str) -> float:
    found = float(text)
    return _Unusable(text) if math.isinf(found) else found


def _refuse_unusable(value: object, field: str) -> None:
    if isinstance(value, _Unusable):
        words = "is not JSON" if value.text.lstrip("-").isalpha() else "is too large for a number"
        text = one_line(value.text, 40)
        raise ValueError(f"{one_line(field.lstrip('.'), 80) or 'the value'}: {text} {words}")
    if isinstance(value, dict):
        for name, inner in value.items():
            _refuse_unusable(inner, f"{field}.{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _refuse_unusable(inner, f"{field}.{number}")


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return found
