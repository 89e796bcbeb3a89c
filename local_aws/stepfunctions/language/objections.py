"""What Step Functions has against an expression before it runs.

AWS looks at each when a machine is created or updated: JSONata has to parse it; it may read no
context, for it has none, and no part of `$states` where that is not there.
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
The texts are as others have seen them on AWS: https://github.com/floci-io/floci/issues/2745, 2670.
"""

from collections.abc import Iterator
from typing import Any

from jsonata.jexception import JException
from jsonata.jsonata import Jsonata
from jsonata.parser import Parser

from local_aws.stepfunctions.language.jsonata_errors import text_of

_INVALID, _UNSUPPORTED = "INVALID_JSONATA_EXPRESSION", "UNSUPPORTED_JSONATA_EXPRESSION"
# Where an expression has others that read the same context as itself.
_INNER = ("lhs", "lhs_object", "rhs", "expression", "expressions", "condition", "then", "_else")
_OF_CALLS = ("procedure", "arguments", "body")


def objection(expression: str, field: str) -> str | None:
    """Return a code and a text, `CODE: text`, None for an expression that AWS takes.

    Args:
        expression: JSONata without `{%` and `%}`.
        field: The field of the state that it stands in.
    """
    try:
        tree = Jsonata(expression).ast
    except JException as error:
        return f"{_INVALID}: {text_of(error)}"
    except RecursionError:
        return None  # the evaluation says so
    for name in _names_without_variable(tree):
        where = "" if name == "$$" else " at the top level"
        return f"{_UNSUPPORTED}: Reference to '{name}'{where} is not supported."
    for part in _parts_of_states(tree):
        if not _has(field, part):
            return f"{_UNSUPPORTED}: Field '$states.{part}' does not exist."
    return None


def _has(field: str, part: str) -> bool:
    """Whether $states has a part in a field. That a Pass state has a result is believed."""
    caught = field.startswith("Catch[")
    settles = field.partition("/")[0].partition("[")[0] in ("Output", "Assign")
    return {"errorOutput": caught, "result": settles}.get(part, True)


def _names_without_variable(node: Any) -> Iterator[str]:
    """Yield the names, `$` and `$$` that an expression reads from a context of its own.

    Steps behind the first, predicates, orders and groups have the value before them as context.
    """
    match _kind(node):
        case "path":
            yield from _names_without_variable(node.steps[0])
        case "name":
            yield str(node.value)
        case "variable" if node.value in ("", "$"):
            yield f"${node.value}"
        case _:
            for inner in _inner(node):
                yield from _names_without_variable(inner)


def _parts_of_states(node: Any) -> Iterator[str]:
    if _kind(node) == "path" and len(node.steps) > 1:
        first, second = node.steps[:2]
        if (_kind(first), first.value, _kind(second)) == ("variable", "states", "name"):
            yield str(second.value)
    steps = node.steps if _kind(node) == "path" else []
    for inner in [*steps, *_inner(node)]:
        yield from _parts_of_states(inner)


def _kind(node: Any) -> str | None:
    return node.type if isinstance(node, Parser.Symbol) else None


def _inner(node: Any) -> Iterator[Any]:
    for name in (*_INNER, *_OF_CALLS):
        yield from _symbols(getattr(node, name, None))


def _symbols(value: Any) -> Iterator[Any]:
    """Yield the nodes in a value: the members of an object come as pairs."""
    if isinstance(value, Parser.Symbol):
        yield value
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _symbols(each)
