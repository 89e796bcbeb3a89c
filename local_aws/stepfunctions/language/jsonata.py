"""Evaluates JSONata as Step Functions does: jsonata-python, within bounds, with AWS's functions.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
https://docs.jsonata.org/overview.html (AWS has version 2.0.6)
An expression has variables and no context: `$states` and what `Assign` has set, and no `$`.
"""

import math
import re
import time
from collections.abc import Mapping
from typing import Any

from jsonata.jexception import JException
from jsonata.jsonata import Jsonata
from jsonata.signature import Signature
from jsonata.utils import Utils

from local_aws.stepfunctions.language.jsonata_errors import (
    LimitExceededError,
    UndefinedError,
    UnsupportedResultError,
    thrown,
)
from local_aws.stepfunctions.language.jsonata_functions import (
    MOST_CHARACTERS,
    MOST_ELEMENTS,
    TOO_MUCH,
    functions,
)
from local_aws.stepfunctions.language.notation import arithmetic, text_of_value, whole

# AWS evaluates 100 levels and not 101: measured, https://github.com/floci-io/floci/issues/2737.
DEEPEST = 100
LONGEST = 5.0  # seconds; AWS's own bound is not known
_TOO_DEEP = (
    "Stack overflow error: Check for non-terminating recursive function. "
    "Consider rewriting as tail-recursive"
)
_TOO_LONG = "Expression evaluation timeout: Check for infinite loop"
# jsonata-python lets these out where the reference has a code.
_OF_PYTHON = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_NAMES = re.compile(r"\$(\w+)")


def evaluate(expression: str, variables: Mapping[str, Any], longest: float = LONGEST) -> Any:
    """Return the JSON value of an expression.

    Args:
        expression: JSONata without `{%` and `%}`.
        variables: JSON values by name without `$`. They stay as they are.
        longest: Seconds that the evaluation may take.

    Raises:
        UndefinedError: The expression found nothing.
        UnsupportedResultError: The result is a function or has one.
        QueryError: JSONata raised an error, or a bound of the evaluation was met.
    """
    try:
        return _json(_evaluated(expression, variables, _Bounds(longest)))
    except RecursionError:
        raise thrown(LimitExceededError(_TOO_DEEP)) from None
    except (JException, LimitExceededError, *_OF_PYTHON) as error:
        raise thrown(error) from error


def _evaluated(expression: str, variables: Mapping[str, Any], bounds: "_Bounds") -> Any:
    # The library keeps the moment of $now() by thread, and the time of an expression's evaluation
    # from its parsing on: so an expression is parsed for each evaluation.
    query = _Expression(expression)
    query.set_validate_input(False)
    query.set_output_convert_nulls(False)
    used = _NAMES.findall(expression)
    given = {name: _bound(value) for name, value in variables.items() if name in used}
    result = query.evaluate(None, {**functions(), **given, **bounds.callbacks()})
    if result is None:
        raise UndefinedError
    return result


def _bound(value: Any) -> Any:
    """Return a JSON value as a variable; None would be undefined."""
    return Utils.NULL_VALUE if value is None else _copy(value)


def _copy(value: Any) -> Any:
    match value:
        case dict():
            return {key: _copy(member) for key, member in value.items()}
        case list():
            return [_copy(member) for member in value]
        case float():
            return whole(value)
        case _:
            return value


def _json(value: Any) -> Any:
    match value:
        case None | str() | bool() | int():
            return value
        case float():
            return whole(value) if math.isfinite(value) else _name_of(value)
        case list():
            return [_json(member) for member in value]
        case dict():
            return {key: _json(member) for key, member in value.items()}
        case Utils.NULL_VALUE:
            return None
        case _:
            raise UnsupportedResultError


def _name_of(number: float) -> str:
    """Return what AWS answers for what is no number in JSON: the name that JavaScript has."""
    if math.isnan(number):
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


class _Expression(Jsonata):
    """jsonata-python's interpreter, with its arithmetic and texts as the reference has them."""

    def evaluate_numeric_expression(self, lhs: Any, rhs: Any, op: str) -> Any:
        if Utils.is_numeric(lhs) and Utils.is_numeric(rhs):
            return whole(arithmetic(float(lhs), float(rhs), op))
        return super().evaluate_numeric_expression(lhs, rhs, op)

    def evaluate_string_concat(self, lhs: Any, rhs: Any) -> str:
        return (text_of_value(lhs) or "") + (text_of_value(rhs) or "")

    def validate_arguments(self, signature: Any, args: Any, context: Any) -> Any:
        declared = getattr(signature, "signature", None)
        if isinstance(declared, Signature):
            _hold_to(declared, args)
        return super().validate_arguments(signature, args, context)

    def evaluate_range_expression(self, lhs: Any, rhs: Any) -> Any:
        if Utils.is_numeric(lhs) and Utils.is_numeric(rhs) and rhs - lhs >= MOST_ELEMENTS:
            raise LimitExceededError(TOO_MUCH)
        return super().evaluate_range_expression(lhs, rhs)


def _hold_to(signature: Signature, arguments: list[Any]) -> None:
    """Raise the reference's error for arguments that a function does not take.

    The library takes null for undefined, and names the first argument whichever is wrong.
    """
    symbols = [
        "l" if each is Utils.NULL_VALUE else signature.get_symbol(each) for each in arguments
    ]
    given = "".join(symbols)
    if signature._regex.fullmatch(given):
        return
    fitting, pattern = 0, ""
    for parameter in signature._params:
        pattern += parameter.regex
        match = re.match(pattern, given)
        if match is None:
            break
        fitting = match.end()
    raise JException("T0410", -1, fitting + 1, signature.function_name)


class _Bounds:
    """What ends an evaluation that does not end by itself, asked at each of its steps."""

    def __init__(self, longest: float) -> None:
        self._depth = 0
        self._end = time.monotonic() + longest

    def callbacks(self) -> dict[str, Any]:
        return {"__evaluate_entry": self._enter, "__evaluate_exit": self._leave}

    def _enter(self, *_step: Any) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            raise LimitExceededError(_TOO_DEEP)
        if time.monotonic() > self._end:
            raise LimitExceededError(_TOO_LONG)

    def _leave(self, _expression: Any, _input: Any, _environment: Any, result: Any) -> None:
        self._depth -= 1
        most = MOST_CHARACTERS if isinstance(result, str) else MOST_ELEMENTS
        if isinstance(result, str | list) and len(result) > most:
            raise LimitExceededError(TOO_MUCH)
