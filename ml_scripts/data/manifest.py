"""Hold a data set's files to its manifest.json, where it has one.

    {"files": [{"name": "train-images-idx3-ubyte.gz", "size": 26421880, "sha256": "<64 hex>"}, ...]}

Sizes first, then digests: a truncated upload is named before a gigabyte is read. What a manifest
may be, and which file a name means, is the rule of lambdas/data_sets, which cannot be imported into
a container: one table of cases, tests/support/data_set_cases.py, holds the two together.
"""

import hashlib
import json
import re
import unicodedata
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from job.errors import DataError

FILE_NAME = "manifest.json"
MAX_BYTES = 256 * 1024
MOST_FILES = 100
LARGEST_FILE = 10**15
LONGEST_NAME, LONGEST_SHOWN = 100, 200  # characters
MEMBERS = {"name", "size", "sha256"}
SHA256 = re.compile("[0-9a-f]{64}")


class Listed(NamedTuple):
    """A file as it has to be: its size in bytes, its digest in lower-case hex."""

    name: str
    size: int
    sha256: str


def verify(source: Path, *, share: bool = False) -> None:
    """Compare every file that the folder's manifest lists; without a manifest all is well.

    Args:
        source: the folder.
        share: whether the folder holds one instance's share of the files only; then those that are
            not there are not missed.

    Raises:
        DataError: names the first file that is missing or differs, with what was found and what
            the manifest lists; or the manifest, if it cannot be read.
    """
    path = source / FILE_NAME
    if not path.exists():
        return
    spellings = _by_name(source)
    found: list[tuple[Path, Listed]] = []
    for file in _read(path):
        if stored := spellings.get(_same_name(file.name)):
            found.append((_only(stored), file))
        elif not share:
            expected = f"{file.size:,} bytes, as {FILE_NAME} lists it"
            raise DataError(file.name, "no such file", expected)
    for stored_file, file in found:
        _check_size(stored_file, file)
    for stored_file, file in found:
        _check_digest(stored_file, file)


def _by_name(folder: Path) -> dict[str, list[Path]]:
    """Return the files of each name, which differ in their Unicode spelling only."""
    found = defaultdict(list)
    for path in sorted(folder.iterdir()):
        if path.is_file():
            found[_same_name(path.name)].append(path)
    return found


def _same_name(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _only(stored: list[Path]) -> Path:
    if len(stored) > 1:
        names = " and ".join(ascii(path.name) for path in stored)
        raise DataError(stored[0].name, f"{names}, one name in two spellings", "one of the files")
    return stored[0]


def _check_size(path: Path, file: Listed) -> None:
    if (found := path.stat().st_size) != file.size:
        expected = f"{file.size:,} bytes, as {FILE_NAME} lists it"
        raise DataError(file.name, f"{found:,} bytes", expected)


def _check_digest(path: Path, file: Listed) -> None:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != file.sha256:
        expected = f"sha256 {file.sha256}, as {FILE_NAME} lists it"
        raise DataError(file.name, f"sha256 {digest}", expected)


def _read(path: Path) -> list[Listed]:
    expected = 'a JSON object with "files", a list of name, size and sha256'
    try:
        # Without the byte order mark that Windows' editors write.
        content = json.loads(_content(path).decode("utf-8-sig"), object_pairs_hook=_once)
        files = content["files"]
        if set(content) != {"files"} or not 0 < len(files) <= MOST_FILES:
            raise ValueError(f"not only a list of 1 to {MOST_FILES} files")
        listed = [_listed(file) for file in files]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        found = f"{type(error).__name__}: {str(error)[:LONGEST_SHOWN]}"
        raise DataError(FILE_NAME, found, expected) from None
    names = [_same_name(file.name) for file in listed]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(FILE_NAME, f"the name {twice!a} more than once", "each name once")
    return listed


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key that stands twice in one object")
    return found


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        found = f"{path.stat().st_size:,} bytes"
        raise DataError(FILE_NAME, found, f"at most {MAX_BYTES:,}")
    return content


def _listed(file: dict) -> Listed:
    name, size, sha256 = file["name"], file["size"], file["sha256"]
    if not (isinstance(name, str) and isinstance(sha256, str)):
        raise TypeError(f"name {name!a} with sha256 {sha256!a}")
    # As JSON Schema has it, 12.0 is a whole number.
    whole = type(size) is int or (type(size) is float and size.is_integer())
    if not whole or not 0 <= size <= LARGEST_FILE:
        raise ValueError(f"a size that is no number of bytes for {name!a}")
    if set(file) != MEMBERS or not SHA256.fullmatch(sha256.lower()):
        raise ValueError(f"no digest of 64 hex digits, or another member, for {name!a}")
    # Nothing outside of the folder is read, and nothing that the file system takes differently.
    plain = name.isprintable() and len(name) <= LONGEST_NAME and "/" not in name
    if not plain or name in {"", ".", "..", FILE_NAME}:
        found = f"the name {name[:LONGEST_NAME]!a}"
        raise DataError(FILE_NAME, found, "the name of a file beside it")
    return Listed(name, int(size), sha256.lower())
