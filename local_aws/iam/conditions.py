"""The Condition element of a policy statement, held against what is known of a request.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html

A key that the request does not have fails a condition, but for the operators that negate, for
`...IfExists`, for `Null` and for `ForAllValues:`; AWS has it so. What AWS knows and this module
does not, dates, addresses and binary values, is never met, which the statement's effect decides on.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

# Condition keys, in lower case, and their values in one request.
Keys = Mapping[str, Sequence[str]]

_Compare = Callable[[str, str], bool]


class UnsupportedConditionError(Exception):
    """The operator is none that is evaluated here."""


def met(condition: Mapping[str, Any], keys: Keys) -> bool:
    """Tell whether all of a statement's conditions hold.

    Raises:
        UnsupportedConditionError: one has an operator that is not evaluated here.
    """
    return all(
        _met(operator, keys.get(name.lower(), ()), _as_texts(values))
        for operator, tests in condition.items()
        for name, values in tests.items()
    )


def matches(pattern: str, text: str) -> bool:
    """Tell whether the text is one of those that the pattern, with * and ?, stands for."""
    return _expression(pattern).fullmatch(text) is not None


def _met(operator: str, found: Sequence[str], wanted: Sequence[str]) -> bool:
    quantifier, _, name = operator.rpartition(":")
    base = name.removesuffix("IfExists")
    if base == "Null":
        return (not found) == (wanted[0].lower() == "true")
    negates, compare = _operator(base)
    if not found:
        return base != name or negates or quantifier.lower() == "forallvalues"
    each = (_one_met(compare, value, wanted, negates=negates) for value in found)
    return any(each) if quantifier.lower() == "foranyvalue" else all(each)


def _one_met(compare: _Compare, value: str, wanted: Sequence[str], *, negates: bool) -> bool:
    return any(compare(value, each) for each in wanted) != negates


def _operator(name: str) -> tuple[bool, _Compare]:
    """Return whether the operator negates, and what it compares by."""
    plain = name.replace("Not", "", 1)
    if plain not in _OPERATORS:
        raise UnsupportedConditionError(name)
    return plain != name, _OPERATORS[plain]


def _arn_like(arn: str, pattern: str) -> bool:
    """Each of an ARN's six parts is held against its own part of the pattern."""
    parts, patterns = arn.split(":", 5), pattern.split(":", 5)
    return len(parts) == len(patterns) and all(map(matches, patterns, parts))


def _number(compare: Callable[[float, float], bool]) -> _Compare:
    def compare_numbers(value: str, wanted: str) -> bool:
        try:
            return compare(float(value), float(wanted))
        except ValueError:
            return False

    return compare_numbers


_OPERATORS: dict[str, _Compare] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": lambda value, wanted: matches(wanted, value),
    "ArnEquals": _arn_like,  # "ArnEquals and ArnLike behave identically"
    "ArnLike": _arn_like,
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
    "NumericEquals": _number(lambda value, wanted: value == wanted),
    "NumericLessThan": _number(lambda value, wanted: value < wanted),
    "NumericLessThanEquals": _number(lambda value, wanted: value <= wanted),
    "NumericGreaterThan": _number(lambda value, wanted: value > wanted),
    "NumericGreaterThanEquals": _number(lambda value, wanted: value >= wanted),
}


def _as_texts(values: Any) -> list[str]:
    """JSON has true and numbers where IAM compares texts."""
    several = values if isinstance(values, list) else [values]
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in several]


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"([*?])", pattern)
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(part) or re.escape(part) for part in parts), re.DOTALL)
