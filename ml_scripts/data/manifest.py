"""Hold a data set's files to its manifest.json, where it has one.

    {"files": [{"name": "train-images-idx3-ubyte.gz", "size": 26421880, "sha256": "<64 hex>"}, ...]}

Sizes first, then digests: a truncated upload is named before a gigabyte is read.
"""

import hashlib
import json
from pathlib import Path

from job.errors import DataError

FILE_NAME = "manifest.json"
MAX_BYTES = 256 * 1024
LARGEST_FILE = 10**15
LONGEST_NAME, LONGEST_SHOWN = 100, 200  # characters
Listed = tuple[Path, int, str]  # file, bytes, sha256 hex


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
    listed = _read(path)
    if share:
        listed = [each for each in listed if each[0].is_file()]
    for file, size, _ in listed:
        if not file.is_file():
            raise DataError(file.name, "no such file", f"{size:,} bytes, as {FILE_NAME} lists it")
        if (found := file.stat().st_size) != size:
            expected = f"{size:,} bytes, as {FILE_NAME} lists it"
            raise DataError(file.name, f"{found:,} bytes", expected)
    for file, _, sha256 in listed:
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if digest != sha256:
            expected = f"sha256 {sha256}, as {FILE_NAME} lists it"
            raise DataError(file.name, f"sha256 {digest}", expected)


def _read(path: Path) -> list[Listed]:
    expected = 'a JSON object with "files", a list of name, size and sha256'
    try:
        files = json.loads(_content(path).decode("utf-8"))["files"]
        listed = [_listed(path.parent, file) for file in files]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        found = f"{type(error).__name__}: {str(error)[:LONGEST_SHOWN]}"
        raise DataError(FILE_NAME, found, expected) from None
    return listed


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        found = f"{path.stat().st_size:,} bytes"
        raise DataError(FILE_NAME, found, f"at most {MAX_BYTES:,}")
    return content


def _listed(folder: Path, file: dict) -> Listed:
    name, size, sha256 = file["name"], file["size"], file["sha256"]
    if not (isinstance(name, str) and isinstance(sha256, str)):
        raise TypeError(f"name {name!a} with sha256 {sha256!a}")
    if type(size) is not int or not 0 <= size <= LARGEST_FILE:
        raise ValueError(f"a size that is no number of bytes for {name!a}")
    # Nothing outside of the folder is read, and nothing that the file system takes differently.
    plain = name.isprintable() and len(name) <= LONGEST_NAME and not {"/", "\\"} & set(name)
    if not plain or name in {"", ".", ".."}:
        found = f"the name {name[:LONGEST_NAME]!a}"
        raise DataError(FILE_NAME, found, "the name of a file beside it")
    return folder / name, size, sha256.lower()
