"""Numbers and texts of JSONata as its reference has them, which is JavaScript's way."""

import json
import math
from decimal import Context, Decimal
from typing import Any

from jsonata.functions import Functions
from jsonata.utils import Utils

_DIGITS = 15  # how many of a number $string() shows
_LARGEST, _SMALLEST = Decimal("1e21"), Decimal("1e-6")  # beyond them JavaScript writes an exponent


def arithmetic(left: float, right: float, operator: str) -> float:
    """Return the result of + - * / %: never an exception, but infinity or NaN."""
    try:
        match operator:
            case "+":
                return left + right
            case "-":
                return left - right
            case "*":
                return left * right
            case "%":
                return math.fmod(left, right)
            case _:
                return left / right
    except (ZeroDivisionError, ValueError):
        return math.nan if operator == "%" or left == 0 else math.copysign(math.inf, left)


def whole(number: float) -> float:
    """Return a number without a fraction as an int, as JSON writes it: 1 for 1.0, never 1.0."""
    if isinstance(number, float) and number.is_integer() and abs(number) < _LARGEST:
        return int(number)
    return number


def text_of_value(value: Any) -> str | None:
    """Return what $string() and & make of a value, None for undefined."""
    if isinstance(value, str):
        return value
    if value is None:
        return None
    return "" if _is_function(value) else _json(value)


def text_of_number(number: float) -> str:
    """Return a number in JavaScript's notation, with at most 15 digits: 1e+21, 1.5e-7, 0.3."""
    if not math.isfinite(number):
        return "null"
    rounded = Context(prec=_DIGITS).create_decimal(number).normalize()
    if rounded == 0:
        return "0"
    if _SMALLEST <= abs(rounded) < _LARGEST:
        return format(rounded, "f")
    return _with_exponent(rounded)


def _with_exponent(number: Decimal) -> str:
    sign, digits, _ = number.as_tuple()
    first, *rest = (str(digit) for digit in digits)
    fraction = "." + "".join(rest) if rest else ""
    return f"{'-' if sign else ''}{first}{fraction}e{number.adjusted():+d}"


def _json(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return text_of_number(value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case list():
            return "[" + ",".join(map(_json, value)) + "]"
        case dict():
            members = (f"{_json(key)}:{_json(member)}" for key, member in value.items())
            return "{" + ",".join(members) + "}"
        case _:
            return '""' if _is_function(value) else "null"


def _is_function(value: Any) -> bool:
    return bool(Utils.is_function(value) or Functions.is_lambda(value))
