"""The functions that Step Functions adds to JSONata, and those that jsonata-python has otherwise.

https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-provided-by-sfn
What AWS's page leaves open (a missing size, a step of zero) is as others have measured on AWS:
https://github.com/floci-io/floci/pull/2676
"""

import hashlib
import json
import math
import re
import uuid
from collections.abc import Callable, Sequence
from typing import Any

from jsonata.functions import Functions
from jsonata.jexception import JException
from jsonata.jsonata import Jsonata
from jsonata.utils import Utils

from local_aws.stepfunctions.language.jsonata_errors import LimitExceededError
from local_aws.stepfunctions.language.notation import text_of_value

# What AWS holds of one value: measured, https://github.com/floci-io/floci/issues/2737.
MOST_ELEMENTS = 873_782
MOST_CHARACTERS = 6_990_256
TOO_MUCH = "Expression evaluation memory limit exceeded: Check for excessive memory usage"
_MOST_OF_RANGE = 360_145
_ALGORITHMS = {
    "MD5": hashlib.md5,
    "SHA-1": hashlib.sha1,
    "SHA-256": hashlib.sha256,
    "SHA-384": hashlib.sha384,
    "SHA-512": hashlib.sha512,
}
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")
_PREFIXED = re.compile(r"0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+")


def functions() -> dict[str, Any]:
    """Return the functions by their names without $, for the variables of an expression.

    $eval is there as a name without a value: AWS answers its calls as those of any unknown name.
    """
    known = {name: _function(call, signature) for name, (call, signature) in _FUNCTIONS.items()}
    return {**known, "eval": None}


def _function(call: Callable[..., Any], signature: str) -> Any:
    return Jsonata.JFunction(Jsonata.JLambda(call), signature)


def _partition(items: Sequence[Any] | None, size: float | None = None) -> Any:
    if not items or (size is not None and int(size) == 0):
        return None
    if size is not None and size < 0:
        raise _refusal("Second argument must be zero or greater")
    step = len(items) if size is None else int(size)
    return [list(items[start : start + step]) for start in range(0, len(items), step)]


def _range(first: float | None, last: float | None, step: float | None = None) -> Any:
    if first is None or last is None or step is None or int(step) == 0:
        return None
    stride = int(step)
    numbers = range(int(first), int(last) + (1 if stride > 0 else -1), stride)
    if len(numbers) > _MOST_OF_RANGE:
        raise LimitExceededError(TOO_MUCH)
    return Utils.create_sequence_from_iter(numbers)


def _hash(content: str | None, algorithm: str | None) -> str | None:
    if content is None or algorithm is None:
        return None
    if algorithm not in _ALGORITHMS:
        raise _refusal(f"Unsupported hash algorithm: {algorithm}")
    return _ALGORITHMS[algorithm](content.encode()).hexdigest()


def _random(seed: float | None = None) -> float:
    return float(Functions.random()) if seed is None else _random_of_java(int(seed))


def _random_of_java(seed: int) -> float:
    """Return the first double of java.util.Random, as AWS does: 0.7275636800328681 for 42."""
    multiplier, mask = 0x5DEECE66D, (1 << 48) - 1
    first = (((seed ^ multiplier) & mask) * multiplier + 0xB) & mask
    second = (first * multiplier + 0xB) & mask
    return float(((first >> 22) << 27) + (second >> 21)) / (1 << 53)


def _uuid() -> str:
    return str(uuid.uuid4())


def _parse(text: Any = None) -> Any:
    if text is None:
        return None
    if not isinstance(text, str):  # where a function like $map calls it, nothing else looks
        raise JException("T0410", -1, 1, "parse")
    try:
        value = json.loads(text, object_pairs_hook=_without_twins, parse_constant=_no_constant)
    except ValueError as error:
        raise _refusal("Invalid JSON") from error
    return Utils.NULL_VALUE if value is None else value


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _refusal(text: str) -> JException:
    return JException("D3137", -1, text)


def _string(value: Any, indented: bool | None = None) -> str | None:
    """Return a value as the reference writes it: 2**60 in digits, not as the library's 1.15e+18."""
    text = text_of_value(value)
    if text is None or isinstance(value, str) or not indented:
        return text
    return json.dumps(json.loads(text), indent=2, ensure_ascii=False)


def _number(value: Any) -> Any:
    if isinstance(value, str) and _PREFIXED.fullmatch(value):
        return int(value, 0)
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        raise JException("D3030", -1, value)
    return Functions.number(value)


def _to_millis(timestamp: str | None, picture: str | None = None) -> Any:
    try:
        return Functions.datetime_to_millis(timestamp, picture)
    except ValueError as error:
        raise JException("D3110", -1, timestamp) from error


def _power(base: float | None, exponent: float | None) -> Any:
    if base is None or exponent is None:
        return None
    try:
        result = math.pow(base, exponent)
    except (OverflowError, ValueError) as error:
        raise JException("D3061", -1, base, exponent) from error
    return Utils.convert_number(result)


def _sort(items: list[Any] | None, comparator: Any = None) -> Any:
    ordered = items is None or Utils.is_array_of_numbers(items) or Utils.is_array_of_strings(items)
    if comparator is None and not ordered:
        raise JException("D3070", -1)
    return Functions.sort(items, comparator)


def _pad(text: str | None, width: float | None, character: str | None = None) -> Any:
    if width is not None and abs(width) > MOST_CHARACTERS:
        raise LimitExceededError(TOO_MUCH)
    return Functions.pad(text, width, character)


_FUNCTIONS: dict[str, tuple[Callable[..., Any], str]] = {
    "partition": (_partition, "<an?:a>"),
    "range": (_range, "<nnn?:a>"),
    "hash": (_hash, "<ss:s>"),
    "random": (_random, "<n?:n>"),
    "uuid": (_uuid, "<:s>"),
    "parse": (_parse, "<s?:x>"),
    "string": (_string, "<x-b?:s>"),
    "number": (_number, "<(nsb)-:n>"),
    "toMillis": (_to_millis, "<s-s?:n>"),
    "power": (_power, "<n-n:n>"),
    "sort": (_sort, "<af?:a>"),
    "pad": (_pad, "<s-ns?:s>"),
}
