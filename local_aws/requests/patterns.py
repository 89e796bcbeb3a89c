"""Java's regular expressions, in which AWS's service models are written, as Python's."""

import logging
import re
import sys
import unicodedata
from collections import defaultdict
from functools import cache

_POSIX = {"Alnum": "a-zA-Z0-9", "ASCII": "\\x00-\\x7f"}
_PROPERTY = re.compile(r"\\p\{(\w+)\}")
# A pair of UTF-16 surrogates stands for the characters beyond the basic plane.
_SURROGATE_RANGE = r"\uD800\uDC00-\uDBFF\uDFFF"

_log = logging.getLogger(__name__)


def matches(pattern: str, value: str) -> bool:
    """Tell whether the whole value matches; a pattern that cannot be translated matches all."""
    compiled = _compile(pattern)
    return compiled is None or compiled.fullmatch(value) is not None


def translate(pattern: str) -> str:
    """Return the Python expression for one of Java's, as far as AWS's models use them."""
    translated = pattern.replace(_SURROGATE_RANGE, r"\U00010000-\U0010FFFF")
    translated = re.sub(r"\$\{\d+,\d+\}$", "", translated)  # SageMaker: a quantified end
    translated = translated.replace(r"[\w-_]", r"[\w\-_]")
    if translated.startswith(r"\p{"):  # outside of a class, where only ranges will not do
        translated = re.sub(r"^(\\p\{\w+\})", r"[\1]", translated)
    return _PROPERTY.sub(lambda found: _members(found[1]), translated)


@cache
def _compile(pattern: str) -> re.Pattern[str] | None:
    try:
        return re.compile(translate(pattern), re.ASCII)  # Java's \w and \d are ASCII only
    except (re.error, KeyError) as error:
        _log.debug("pattern %r is not checked: %s", pattern, error)
        return None


def _members(property_name: str) -> str:
    """Return the inside of a character class for a property such as `L` or `Alnum`."""
    return _POSIX.get(property_name) or _categories()[property_name]


@cache
def _categories() -> dict[str, str]:
    """Return, for each of Unicode's general categories such as `L`, its characters as ranges."""
    ranges: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for point in range(sys.maxunicode + 1):
        found = ranges[unicodedata.category(chr(point))[0]]
        if found and found[-1][1] == point - 1:
            found[-1] = (found[-1][0], point)
        else:
            found.append((point, point))
    return {
        category: "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in found)
        for category, found in ranges.items()
    }
