"""What a JSONata expression that fails says, in the words of Step Functions.

AWS ends each sentence with the text of JSONata's own reference:
https://github.com/jsonata-js/jsonata/blob/v2.0.6/src/jsonata.js (errorCodes). jsonata-python has
the same catalogue with "Object" where the reference says "function", and fills it without quotes.
"""

import json
import re
from typing import Any

from jsonata.jexception import JException

_SLOT = re.compile(r"{{{\w+}}}|{{\w+}}")
# The reference names the elements of an array where jsonata-python has the letter of the signature.
_ELEMENTS = {
    "a": "arrays",
    "b": "booleans",
    "f": "functions",
    "n": "numbers",
    "o": "objects",
    "s": "strings",
}


class QueryError(Exception):
    """An expression without a result. Its text ends the sentence "The JSONata expression ... "."""


class UndefinedError(QueryError):
    """The expression found nothing. JSON has no such value."""

    def __init__(self) -> None:
        super().__init__("returned nothing (undefined).")


class UnsupportedResultError(QueryError):
    """The expression gave a function, which JSON cannot hold either."""

    def __init__(self) -> None:
        super().__init__("returned an unsupported result type.")


class LimitExceededError(Exception):
    """The evaluation takes too long, goes too deep or holds too much. Raised within it."""


def thrown(error: Exception) -> QueryError:
    """Return what Step Functions says of an error that JSONata raised."""
    if isinstance(error, JException) and error.error in JException.error_codes:
        return QueryError(f"threw an error during evaluation. {error.error}: {text_of(error)}")
    return QueryError(f"threw an error during evaluation: {error}")


def text_of(error: JException) -> str:
    """Return the reference's text for an error with a code, its values as JSON."""
    values = iter(_values(error))

    def fill(slot: re.Match[str]) -> str:
        value = next(values, None)
        return str(value) if slot[0].startswith("{{{") else _json(value)

    return _SLOT.sub(fill, JException.error_codes[error.error].replace("Object", "function"))


def _values(error: JException) -> list[Any]:
    match error.error:
        case "D1002":  # the operator comes before the value that the text names
            return [error.expected]
        case "T0412":
            return [error.current, error.expected, _ELEMENTS.get(str(error.extra), error.extra)]
        case _:
            return [error.current, error.expected, error.extra]


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)
