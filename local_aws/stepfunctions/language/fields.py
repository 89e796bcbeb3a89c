"""Where in a state an expression stands, and what its result has to be there.

AWS names the field as `Arguments/FunctionName`, `Choices[1]/Condition` or `Output/rows[0]`, without
the state. https://docs.aws.amazon.com/step-functions/latest/apireference/API_EvaluationFailedEventDetails.html
"""

import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from antlr4 import ParserRuleContext
from antlr4.tree.Tree import TerminalNode
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser

_CONDITION = re.compile(r"^Choices\[\d+\]/Condition$")
_LONGEST_SECONDS = 99_999_999
_MOST = 2_147_483_647


class Range(NamedTuple):
    """The numbers that a field takes."""

    least: int
    most: int
    whole: bool = True


SECONDS, COUNT = Range(0, _LONGEST_SECONDS), Range(0, _MOST)
RANGES = {
    "TimeoutSeconds": SECONDS,
    "HeartbeatSeconds": SECONDS,
    "Seconds": SECONDS,
    "MaxConcurrency": COUNT,
    "ToleratedFailureCount": COUNT,
    "ToleratedFailurePercentage": Range(0, 100, whole=False),
    "ItemReader/ReaderConfig/MaxItems": COUNT,
}
_TYPES = {
    "Condition": "boolean",
    "Items": "array",
    "Timestamp": "string",
    "Error": "string",
    "Cause": "string",
    **dict.fromkeys(RANGES, "number"),
}


def location(context: ParserRuleContext) -> str:
    """Return the field of a state that the parsed string is the value of, or is in."""
    return "".join(_steps(context, ASLParser.State_declContext)).removeprefix("/")


def pointer(context: ParserRuleContext) -> str:
    """Return the same from the definition's root on: `/States/Check/Output/rows[0]`."""
    return "".join(_steps(context, ()))


def _steps(context: ParserRuleContext, end: Any) -> list[str]:
    steps: list[str] = []
    child, parent = context, context.parentCtx
    while parent is not None and not isinstance(parent, end):
        steps[:0] = _step(parent, child)
        child, parent = parent, parent.parentCtx
    return steps


def _step(parent: ParserRuleContext, child: ParserRuleContext) -> list[str]:
    """Return what leads from a node to its child: a name, an index, or both."""
    texts = [each.getText() if isinstance(each, TerminalNode) else "" for each in parent.children]
    name = f"/{json.loads(parent.children[0].getText())}" if ":" in texts[1:2] else ""
    elements = [each for each in parent.children if not isinstance(each, TerminalNode)]
    index = f"[{elements.index(child)}]" if "[" in texts else ""
    return [name, index]


def expected_type(field: str) -> str | None:
    """Return the JSON type that a field takes, None where it takes any."""
    return _TYPES.get(_plain(field))


def range_of(field: str) -> Range | None:
    """Return the numbers that a field takes, None where it takes no number."""
    return RANGES.get(_plain(field))


def _plain(field: str) -> str:
    """Return the field as the tables have it: one condition stands for that of each rule."""
    return _CONDITION.sub("Condition", field)


def type_of(value: Any) -> str:
    """Return the name that JSONata has for the type of a JSON value."""
    return next(name for name, is_it in _KINDS.items() if is_it(value))


_KINDS: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
