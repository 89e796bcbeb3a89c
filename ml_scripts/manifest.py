"""Hold a data set's files to its manifest.json, where it has one.

    {"files": [{"name": "train-images-idx3-ubyte.gz", "size": 26421880, "sha256": "<64 hex>"}, ...]}

Sizes first, then digests: a truncated upload is named before a gigabyte is read.
"""

import hashlib
import json
from pathlib import Path

from errors import DataError

FILE_NAME = "manifest.json"
Listed = tuple[Path, int, str]  # file, bytes, sha256 hex


def verify(source: Path) -> None:
    """Compare every file that the folder's manifest lists; without a manifest all is well.

    Raises:
        DataError: names the first file that is missing or differs, with what was found and what
            the manifest lists; or the manifest, if it cannot be read.
    """
    path = source / FILE_NAME
    if not path.exists():
        return
    listed = _read(path)
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
        files = json.loads(path.read_text(encoding="utf-8"))["files"]
        listed = [(str(file["name"]), int(file["size"]), str(file["sha256"])) for file in files]
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise DataError(FILE_NAME, f"{type(error).__name__}: {error}", expected) from None
    for name, _, _ in listed:
        if name in {"", ".", ".."} or "/" in name:  # nothing outside of the folder is read
            raise DataError(FILE_NAME, f"the name {name!r}", "the name of a file beside it")
    return [(path.parent / name, size, sha256.lower()) for name, size, sha256 in listed]
