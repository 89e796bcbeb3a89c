"""Paths into JSON: a definite path gives a value, any other a list, as AWS's library has it.

https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html and
https://github.com/json-path/JsonPath#what-is-returned-when, the library behind it.
"""

import re
import sys
from functools import lru_cache
from importlib import import_module
from typing import Any

from jsonpath_ng import Child, Fields, Index, JSONPath, Root, Slice
from jsonpath_ng.ext import parse
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError

from local_aws.wrapping import replace

_SINGLE_ELEMENT = re.compile(r"\[\d+\]$")


def install() -> None:
    """Have all of moto's engine read paths so."""
    import_module("moto.stepfunctions.parser.models")  # which imports every module of the engine
    for name, module in list(sys.modules.items()):
        if name.startswith("moto.stepfunctions.parser.") and hasattr(module, "extract_json"):
            replace(module, extract_json=extract)


def extract(path: str, data: Any) -> Any:
    """Return what the path selects.

    A path that may select several values gives a list, empty where nothing is selected; one that
    ends with the index of an element gives the element if it is the only one.

    Raises:
        NoSuchJsonPathError: a definite path, or a slice of an input that is no list, finds nothing.
    """
    expression = _parsed(path)
    values = [match.value for match in expression.find(data)]
    if is_definite(expression):
        if not values:
            raise NoSuchJsonPathError(json_path=path, data=data)
        return values[0]
    if not values and _slices_the_input(expression):
        raise NoSuchJsonPathError(json_path=path, data=data)
    return values[0] if len(values) == 1 and _SINGLE_ELEMENT.search(path) else values


@lru_cache(maxsize=1024)
def _parsed(path: str) -> JSONPath:
    return parse(path)


def is_definite(expression: JSONPath) -> bool:
    """Whether the path can select one value only: no wildcard, slice, filter or deep scan."""
    if isinstance(expression, Child):
        return is_definite(expression.left) and is_definite(expression.right)
    if isinstance(expression, Fields):
        return len(expression.fields) == 1 and expression.fields[0] != "*"
    if isinstance(expression, Index):
        return len(expression.indices) == 1
    return isinstance(expression, Root)


def _slices_the_input(expression: JSONPath) -> bool:
    """Whether the path begins with `$[1:]`: AWS gives an empty list for any other slice."""
    while isinstance(expression, Child) and not isinstance(expression.left, Root):
        expression = expression.left
    return isinstance(expression, Child) and isinstance(expression.right, Slice)
