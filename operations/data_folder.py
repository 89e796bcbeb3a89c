"""A folder on disk that is to become a data set, held to the rule that the bucket is held to.

The rule is in `lambdas/data_sets/completeness.py`. Here the digests are compared as well, which in
the cloud only the preprocessing job does: nothing is sent that a job, an hour later, would refuse.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambdas.data_sets import manifest
from lambdas.data_sets.completeness import judge
from lambdas.data_sets.manifest import ListedFile, same_name
from lambdas.errors import ManifestError


@dataclass(frozen=True)
class Folder:
    """What a folder holds of a data set.

    `files` are the files to send, the manifest first: it is the rule by which the others make the
    data set complete. `missing` are names of files that are not there, `problems` says what else
    is wrong, one line each.
    """

    files: tuple[Path, ...]
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def by_manifest(self) -> bool:
        """Whether a manifest says what belongs to the data set."""
        return any(file.name == manifest.FILE_NAME for file in self.files)

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(file.stat().st_size for file in self.files)


def look(folder: Path, required: Sequence[str]) -> Folder:
    """Hold the files of a folder to its manifest, or to the `required` names where it has none."""
    sizes, odd = _entries(folder)
    listed: tuple[ListedFile, ...] = ()
    if manifest.FILE_NAME in sizes:
        try:
            listed = read_manifest(folder / manifest.FILE_NAME)
        except ManifestError as error:
            return Folder((folder / manifest.FILE_NAME,), problems=(f"{folder}: {error}",))
    verdict = judge(sizes, required, listed)
    names = {same_name(name) for name in (*verdict.files, manifest.FILE_NAME)}
    wrong = {name: why for name, why in odd.items() if same_name(name) in names}
    unusable = {same_name(name) for name in wrong}
    return Folder(
        files=tuple(folder / name for name in verdict.files if name in sizes),
        missing=tuple(name for name in verdict.missing if same_name(name) not in unusable),
        problems=(
            *(f"{folder / name} {why}" for name, why in wrong.items()),
            *(f"{folder}: {problem}" for problem in verdict.problems),
            *_unlike(folder, sizes, listed),
        ),
    )


def read_manifest(path: Path) -> tuple[ListedFile, ...]:
    """The files that a manifest on disk lists. Raises ManifestError."""
    content: Any = path.open("rb")  # is read and closed as a body of S3's is
    return manifest.read(content)


def _entries(folder: Path) -> tuple[dict[str, int], dict[str, str]]:
    """The bytes of each file in the folder, and why each other thing there cannot be sent."""
    sizes, odd = {}, {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and os.access(path, os.R_OK):
            sizes[path.name] = path.stat().st_size
        else:
            odd[path.name] = _what_is_wrong(path)
    return sizes, odd


def _what_is_wrong(path: Path) -> str:
    if path.is_file():
        return "cannot be read, expected a file that you may read"
    if path.is_dir():
        return "is a folder, expected a file"
    if path.is_symlink():
        return f"is a link to {path.readlink()}, which is not there, expected a file"
    return "is no file that can be sent, expected a file"


def _unlike(folder: Path, sizes: Mapping[str, int], listed: Sequence[ListedFile]) -> Iterator[str]:
    """Say which digests differ from the manifest; they are made of what has the right size."""
    stored = {same_name(name): name for name in sizes}
    for file in listed:
        name = stored.get(same_name(file.name))
        if name is None or sizes[name] != file.size:
            continue
        if (digest := _sha256(folder / name)) != file.sha256:
            yield f"{folder / name}: found sha256 {digest}, its manifest says {file.sha256}"


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
