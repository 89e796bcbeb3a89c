"""One clear line where a JSON value breaks its schema.

The schemas' ``description`` of a property is what it is expected to be.
"""

import difflib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from fastjsonschema import JsonSchemaValueException

from lambdas.boundary.text import one_line


def explanation(error: JsonSchemaValueException, whole: str) -> str:
    """Say which field is wrong, what was found and what is allowed; ``whole`` names the value."""
    field = ".".join(str(part) for part in error.path[1:]) or whole
    if error.rule == "additionalProperties":
        return _unknown_field(field, error.value, error.definition.get("properties", {}))
    found = one_line(json.dumps(error.value), 80)
    expected = f"{error.definition['type']} ({error.definition['description']})"
    return f"{field}: found {found}, expected {expected}"


def _unknown_field(where: str, found: Iterable[str], allowed: Mapping[str, Any]) -> str:
    unknown = one_line(next(name for name in found if name not in allowed), 80)
    close = difflib.get_close_matches(unknown, allowed, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"{where}: unknown field {unknown!r}{hint}; allowed: {', '.join(sorted(allowed))}"
