"""JSON as its standard has it, of a bounded size: what others wrote is read by nothing else."""

import json
import math
from typing import TYPE_CHECKING, Any

from lambdas.boundary.s3_objects import read_body
from lambdas.boundary.text import one_line

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

    A number that is too large for a float, such as 1e400, would be an Infinity: it is refused too.

    Raises ValueError saying what is wrong, deep nesting included.
    """
    try:
        return json.loads(
            content.decode("utf-8"),
            parse_constant=_refuse_constant,
            parse_float=_finite,
            object_pairs_hook=_without_duplicates,
        )
    except (ValueError, RecursionError) as error:
        raise ValueError(f"malformed: {error}") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    found = float(text)
    if math.isinf(found):
        raise ValueError(f"{one_line(text, 40)} is too large for a number")
    return found


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in found if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return found
