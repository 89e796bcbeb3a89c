"""``manifest.json``: a data set's own list of its files, uploaded beside them.

::

    {"files": [{"name": "train-images-idx3-ubyte.gz", "size": 26421880, "sha256": "<64 hex>"}, ...]}

Where there is one, it says when the data set is complete, in place of ``required_files``:
``completeness.py`` compares sizes. Digests are compared by the preprocessing job, which reads the
bytes. A byte order mark is skipped, and a digest may be in capitals: PowerShell writes both.
"""

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import fastjsonschema

from lambdas.boundary import strict_json
from lambdas.boundary.schema_errors import explanation
from lambdas.errors import ManifestError

if TYPE_CHECKING:
    from botocore.response import StreamingBody

FILE_NAME = "manifest.json"
LARGEST = 256 * 1024  # bytes
# All object versions of a run stand in its state, which Step Functions limits to 262,144 bytes:
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
MOST_FILES, LONGEST_NAME = 100, 100
NAME_RULE = f"1 to {LONGEST_NAME} printable characters on one line, without '/'"
LARGEST_FILE = 10**15  # bytes: more than S3 takes, and short enough to be named in a message

_ONE_SEGMENT = r"^(?!\.{1,2}$)[^/\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+$"
_FILE: dict[str, Any] = {
    "description": "with name, size and sha256",
    "type": "object",
    "required": ["name", "size", "sha256"],
    "additionalProperties": False,
    "properties": {
        "name": {
            "description": f"another file beside the manifest, at most {LONGEST_NAME} characters",
            "type": "string",
            "pattern": _ONE_SEGMENT,
            "maxLength": LONGEST_NAME,
            "not": {"const": FILE_NAME},
        },
        "size": {
            "description": "in bytes",
            "type": "integer",
            "minimum": 0,
            "maximum": LARGEST_FILE,
        },
        "sha256": {
            "description": "64 hex digits",
            "type": "string",
            "pattern": "^[0-9a-fA-F]{64}$",
        },
    },
}
SCHEMA: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "title": "The files of a data set",
    "description": 'with the list "files" and nothing else',
    "type": "object",
    "required": ["files"],
    "additionalProperties": False,
    "properties": {
        "files": {
            "description": f"1 to {MOST_FILES} files",
            "type": "array",
            "minItems": 1,
            "maxItems": MOST_FILES,
            "items": _FILE,
        }
    },
}


@dataclass(frozen=True)
class ListedFile:
    """A file as it must be."""

    name: str
    size: int  # bytes
    sha256: str  # hex, lower-case


def is_name(name: str) -> bool:
    """Tell whether a file of a data set may be called so."""
    return (
        re.search(_ONE_SEGMENT, name) is not None
        and len(name) <= LONGEST_NAME
        and name.isprintable()
    )


def same_name(name: str) -> str:
    """Return what two names have in common that differ in their Unicode spelling only.

    That is the form NFC. macOS may write as "e" and an accent what other systems write as one
    character: https://unicode.org/reports/tr15/
    """
    return unicodedata.normalize("NFC", name)


def read(body: "StreamingBody") -> tuple[ListedFile, ...]:
    """Return the files that the manifest with that content lists.

    Raises ManifestError in one line: too large, not strict JSON, not of the schema, a name twice.
    """
    try:
        found: Any = strict_json.read(body, LARGEST)
    except ValueError as error:
        raise ManifestError(f"{FILE_NAME} is {error}") from error
    try:
        _check()(found)
    except fastjsonschema.JsonSchemaValueException as error:
        raise ManifestError(f"{FILE_NAME}: {explanation(error, 'content')}") from None
    files = tuple(
        ListedFile(f["name"], int(f["size"]), f["sha256"].lower()) for f in found["files"]
    )
    names = [file.name for file in files]
    if odd := [name for name in names if not name.isprintable()]:
        raise ManifestError(f"{FILE_NAME}: found the name {odd[0]!r}, expected a printable one")
    if twice := repeated(names):
        raise ManifestError(f"{FILE_NAME}: found {twice[0]!r} more than once, expected it once")
    return files


def repeated(names: Sequence[str]) -> list[str]:
    """Return the names that stand there more than once, whatever their spelling, in order."""
    counts = Counter(map(same_name, names))
    return sorted({name for name in names if counts[same_name(name)] > 1})


@functools.cache
def _check() -> Callable[[object], object]:
    return fastjsonschema.compile(SCHEMA, use_default=False)
