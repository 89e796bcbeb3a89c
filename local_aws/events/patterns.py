"""Which events a pattern matches.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html

moto's matcher takes true for 1, does not look into lists of objects, and takes any word for the
name of a comparison.
"""

import ipaddress
import operator
import re
from collections.abc import Callable
from typing import Any

from moto.events.exceptions import InvalidEventPatternException

_MISSING = object()
_NUMERIC: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


def matches(pattern: dict[str, Any], event: Any) -> bool:
    """Tell whether every field of the pattern holds for the event, a decoded JSON object.

    Of a list of objects one must match the pattern as a whole.
    """
    if isinstance(event, list) and event:
        return any(matches(pattern, item) for item in event)
    fields = event if isinstance(event, dict) else {}
    return all(_field_matches(name, wanted, fields) for name, wanted in pattern.items())


def check(pattern: Any, path: str = "") -> None:
    """Raise InvalidEventPatternException for a pattern that EventBridge refuses."""
    if not isinstance(pattern, dict) or not pattern:
        raise InvalidEventPatternException(f"{path or 'The pattern'} must be a non-empty object")
    for name, wanted in pattern.items():
        inner = f"{path}.{name}" if path else name
        if name == "$or" and isinstance(wanted, list):
            for branch in wanted:
                check(branch, inner)
        elif isinstance(wanted, dict):
            check(wanted, inner)
        elif not isinstance(wanted, list) or not wanted:
            raise InvalidEventPatternException(f'"{inner}" must be an object or a non-empty array')
        else:
            for rule in wanted:
                _check_rule(rule, inner)


def _check_rule(rule: Any, path: str) -> None:
    if isinstance(rule, list):
        raise InvalidEventPatternException(f'"{path}" holds an array inside an array')
    if isinstance(rule, dict) and (len(rule) != 1 or next(iter(rule)) not in _COMPARISONS):
        raise InvalidEventPatternException(f"Unrecognized match type {', '.join(rule) or '{}'}")


def _field_matches(name: str, wanted: Any, fields: dict[str, Any]) -> bool:
    if name == "$or":
        return any(matches(branch, fields) for branch in wanted)
    value = fields.get(name, _MISSING)
    if isinstance(wanted, dict):
        return matches(wanted, value)
    if isinstance(value, dict):
        value = _MISSING  # a pattern's list is about a leaf, and an object is none
    values = value if isinstance(value, list) else [value]
    return any(_rule_matches(rule, item) for rule in wanted for item in values)


def _rule_matches(rule: Any, value: Any) -> bool:
    if not isinstance(rule, dict):
        return _same(rule, value)
    [(comparison, operand)] = rule.items()
    if comparison == "exists":
        return (value is not _MISSING) == operand
    return value is not _MISSING and _COMPARISONS[comparison](operand, value)


def _same(wanted: Any, value: Any) -> bool:
    """JSON's true is not its 1, though Python's is."""
    return isinstance(wanted, bool) == isinstance(value, bool) and wanted == value


def _text(holds: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    """Return a comparison of texts; its operand may be a list, or ask to ignore the case."""

    def compare(operand: Any, value: Any) -> bool:
        if isinstance(operand, list):
            return any(compare(item, value) for item in operand)
        if not isinstance(value, str):
            return False
        if isinstance(operand, dict):
            return holds(operand["equals-ignore-case"].lower(), value.lower())
        return holds(operand, value)

    return compare


def _anything_but(operand: Any, value: Any) -> bool:
    if isinstance(operand, dict):
        return not _rule_matches(operand, value)
    excluded = operand if isinstance(operand, list) else [operand]
    return not any(_same(item, value) for item in excluded)


def _numeric(operand: list[Any], value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    bounds = zip(operand[::2], operand[1::2], strict=True)
    return all(_NUMERIC[sign](value, bound) for sign, bound in bounds)


def _in_network(network: str, value: Any) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _wildcard(pattern: str, value: str) -> bool:
    r"""`*` stands for any characters; `\*` and `\\` for themselves."""
    parts = re.findall(r"\\[*\\]|\*|[^*\\]+|\\", pattern)
    expression = "".join(
        ".*" if part == "*" else re.escape(part[-1] if part in (r"\*", r"\\") else part)
        for part in parts
    )
    return re.fullmatch(expression, value, re.DOTALL) is not None


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "exists": lambda operand, value: bool(operand) == (value is not _MISSING),
    "prefix": _text(lambda prefix, value: value.startswith(prefix)),
    "suffix": _text(lambda suffix, value: value.endswith(suffix)),
    "equals-ignore-case": _text(lambda wanted, value: wanted.lower() == value.lower()),
    "wildcard": _text(_wildcard),
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _in_network,
}
