"""The comparisons of event patterns: which operands each takes, and for which values it holds.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
What is refused beyond that page, and the words of a refusal, are those of the library by which
EventBridge matches: https://github.com/aws/event-ruler.
"""

import ipaddress
import json
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from local_aws.events import wildcards

_IGNORE_CASE = "equals-ignore-case"
_SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}
_LARGEST = 5e9
_MASK_BITS = {4: 32, 6: 128}


class OperandError(ValueError):
    """EventBridge refuses the comparison; the text is its reason."""


@dataclass(frozen=True)
class _Comparison:
    """`check(operand)` raises OperandError; `holds(operand, value)` is asked of a leaf's value."""

    check: Callable[[Any], None]
    holds: Callable[[Any, Any], bool]


def check(rule: dict[str, Any]) -> None:
    """Raise OperandError for a comparison that EventBridge refuses."""
    if not rule:
        _refuse("Match expression name not found")
    name, operand = next(iter(rule.items()))
    if name not in _COMPARISONS:
        _refuse(f"Unrecognized match type {name}")
    try:
        _COMPARISONS[name].check(operand)
    except wildcards.WildcardError as error:
        raise OperandError(str(error)) from error
    if len(rule) > 1:
        _refuse("Only one key allowed in match expression")


def holds(rule: Any, value: Any) -> bool:
    """Tell whether a rule of a pattern, a plain value or a comparison, holds for a leaf's value."""
    if not isinstance(rule, dict):
        return _same(rule, value)
    [(name, operand)] = rule.items()
    return _COMPARISONS[name].holds(operand, value)


def _refuse(reason: str) -> NoReturn:
    raise OperandError(reason)


def _same(wanted: Any, value: Any) -> bool:
    """JSON's true is not its 1, though Python's is."""
    return isinstance(wanted, bool) == isinstance(value, bool) and bool(wanted == value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_number(number: float) -> None:
    if not -_LARGEST <= number <= _LARGEST:
        _refuse("Value must be between -5.0E9 and 5.0E9, inclusive")


def _check_text(name: str) -> Callable[[Any], None]:
    def check_operand(operand: Any) -> None:
        if not isinstance(operand, str):
            _refuse(f"{name} match pattern must be a string")

    return check_operand


def _check_affix(name: str) -> Callable[[Any], None]:
    """Return the check of a prefix or a suffix, whose case may be ignored."""

    def check_operand(operand: Any) -> None:
        if not isinstance(operand, dict):
            return _check_text(name)(operand)
        for inner, text in operand.items():
            if inner != _IGNORE_CASE:
                _refuse(f"Unsupported {name} pattern: {inner}")
            _check_text(_IGNORE_CASE)(text)
        if not operand:
            _refuse(f"{name.capitalize()} expression name not found")
        return None

    return check_operand


def _check_wildcard(operand: Any) -> None:
    _check_text("wildcard")(operand)
    wildcards.check([operand])


def _check_exists(operand: Any) -> None:
    if not isinstance(operand, bool):
        _refuse("exists match pattern must be either true or false.")


def _check_cidr(operand: Any) -> None:
    if not isinstance(operand, str):
        _refuse("prefix match pattern must be a string")  # AWS's own word
    address, slash, bits = operand.partition("/")
    if not (address and slash and bits) or "/" in bits:
        _refuse("Malformed CIDR, one '/' required")
    if not re.fullmatch(r"[+-]?[0-9]+", bits):
        _refuse("Malformed CIDR, mask bits must be an integer")
    if int(bits) < 0:
        _refuse("Malformed CIDR, mask bits must not be negative")
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        _refuse(f"Nonstandard IP address: {address}")
    if int(bits) >= _MASK_BITS[version]:
        _refuse(f"IPv{version} mask bits must be < {_MASK_BITS[version]}")


def _check_numeric(operand: Any) -> None:
    """Refuse all but one bound, or a lower bound and an upper one behind it."""
    if not isinstance(operand, list):
        _refuse("Value of numeric must be an array.")
    sign, number, *rest = operand + [None] * (2 - len(operand))
    if not isinstance(sign, str):
        _refuse(f"Invalid member in numeric match: {_first_token(operand)}")
    if sign not in _SIGNS:
        _refuse(f"Unrecognized numeric range operator: {sign}")
    if not _is_number(number):
        _refuse(f"Value of {'equals' if sign == '=' else sign} must be numeric")
    if rest and sign not in (">", ">="):
        _refuse("Too many elements in numeric expression")
    _check_number(number)
    if rest:
        _check_upper_bound(number, rest)


def _check_upper_bound(lower: float, rest: list[Any]) -> None:
    sign, upper, *more = rest + [None] * (2 - len(rest))
    if not isinstance(sign, str):
        _refuse(f"Bad value in numeric range: {_first_token(rest)}")
    if sign not in ("<", "<="):
        _refuse(f"Bad numeric range operator: {sign}")
    if not _is_number(upper):
        _refuse(f"Value of {sign} must be numeric")
    if more:
        _refuse("Too many terms in numeric range expression")
    _check_number(upper)
    if lower >= upper:
        _refuse("Bottom must be less than top")


def _first_token(items: list[Any]) -> str:
    """Return what a parser reads first of the list's items."""
    if not items:
        return "]"
    text = json.dumps(items[0])
    return text[0] if isinstance(items[0], list | dict) else text


def _check_anything_but(operand: Any) -> None:
    if isinstance(operand, dict):
        return _check_anything_but_nested(operand)
    if isinstance(operand, list):
        return _check_anything_but_list(operand)
    _check_anything_but_kind(operand)
    if _is_number(operand):
        _check_number(operand)
    return None


def _check_anything_but_kind(operand: Any) -> None:
    if not (isinstance(operand, str | list) or _is_number(operand)):
        _refuse("Value of anything-but must be an array or single string/number value.")


def _check_anything_but_list(operand: list[Any]) -> None:
    for item in operand:
        if _is_number(item):
            _check_number(item)
        elif not isinstance(item, str):
            _refuse("Inside anything but list, start|null|boolean is not supported.")
    if len({isinstance(item, str) for item in operand}) != 1:
        _refuse(
            "Inside anything but list, either all values are number or string, "
            "mixed type is not supported"
        )


def _check_anything_but_nested(operand: dict[str, Any]) -> None:
    if not operand:
        _refuse("Anything-But expression name not found")
    name, inner = next(iter(operand.items()))
    if name not in ("prefix", "suffix", "wildcard", _IGNORE_CASE):
        _refuse(f"Unsupported anything-but pattern: {name}")
    _check_anything_but_kind(inner)
    for item in inner if isinstance(inner, list) else [inner]:
        _check_anything_but_item(name, item)
    if len(operand) > 1:
        _refuse("Too many elements in numeric expression")  # AWS's own word


def _check_anything_but_item(name: str, item: Any) -> None:
    if name == _IGNORE_CASE and not isinstance(item, str):
        _refuse(
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not "
            "supported."
        )
    if name == "wildcard":
        _check_wildcard(item)
    elif name in ("prefix", "suffix"):
        _check_text("prefix/suffix")(item)
        if not item:
            _refuse("Null prefix/suffix not allowed")


def _text(compare: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    """Return a comparison of texts, `compare(value, operand)`; the operand may ignore the case."""

    def holds_for(operand: Any, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        if isinstance(operand, dict):
            return compare(value.lower(), operand[_IGNORE_CASE].lower())
        return compare(value, operand)

    return holds_for


def _anything_but(operand: Any, value: Any) -> bool:
    if not isinstance(operand, dict):
        excluded = operand if isinstance(operand, list) else [operand]
        return not any(_same(item, value) for item in excluded)
    [(name, inner)] = operand.items()
    excluded = inner if isinstance(inner, list) else [inner]
    return not any(holds({name: item}, value) for item in excluded)


def _numeric(operand: list[Any], value: Any) -> bool:
    if not _is_number(value):
        return False
    bounds = zip(operand[::2], operand[1::2], strict=True)
    return all(_SIGNS[sign](value, bound) for sign, bound in bounds)


def _in_network(network: str, value: Any) -> bool:
    try:
        return isinstance(value, str) and ipaddress.ip_address(value) in ipaddress.ip_network(
            network, strict=False
        )
    except ValueError:
        return False


_COMPARISONS: dict[str, _Comparison] = {
    "exactly": _Comparison(_check_text("exact"), _same),
    "exists": _Comparison(_check_exists, lambda operand, _: bool(operand)),
    "prefix": _Comparison(_check_affix("prefix"), _text(str.startswith)),
    "suffix": _Comparison(_check_affix("suffix"), _text(str.endswith)),
    _IGNORE_CASE: _Comparison(
        _check_text(_IGNORE_CASE),
        _text(lambda value, operand: value.lower() == operand.lower()),
    ),
    "wildcard": _Comparison(
        _check_wildcard, _text(lambda value, operand: wildcards.holds(operand, value))
    ),
    "anything-but": _Comparison(_check_anything_but, _anything_but),
    "numeric": _Comparison(_check_numeric, _numeric),
    "cidr": _Comparison(_check_cidr, _in_network),
}
