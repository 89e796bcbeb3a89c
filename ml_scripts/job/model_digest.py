"""The digest of a model: of every file in its folder, whatever archive they travel in.

    python -m job.model_digest model.tar.gz

prints it. It is the SHA-256 of what sha256sum prints for the files in the order of their paths, so

    find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum

says the same of an unpacked model. The training writes it down outside of the model, the registry
keeps it, and no model is opened that has another one: docs/security.md.
"""

import hashlib
import re
import sys
import tempfile
from pathlib import Path

from job import archive, container
from job.errors import ModelError, ScriptError

FILE_NAME = "model.sha256"
DIGEST = re.compile("[0-9a-f]{64}")


def main() -> None:
    """Print the digest of a model archive."""
    parser = container.ArgumentParser("Print the digest of a model archive.")
    parser.add_argument("archive", type=Path)
    with tempfile.TemporaryDirectory() as scratch:
        archive.extract(parser.parse_args(sys.argv[1:]).archive, Path(scratch))
        print(of(Path(scratch)))


def of(folder: Path) -> str:
    """Return the digest of all files below the folder, 64 hex digits."""
    lines = [f"{_sha256(path)}  ./{name}\n" for name, path in _files(folder)]
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def write(model: Path, folder: Path) -> None:
    """Record the digest of the model folder as model.sha256 in another folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE_NAME).write_text(f"{of(model)}\n", encoding="ascii")


def recorded(output_archive: Path) -> str:
    """Return the digest that a training left in its output.tar.gz.

    Raises:
        ModelError: the archive cannot be read, or holds no digest.
    """
    with tempfile.TemporaryDirectory() as scratch:
        archive.extract(output_archive, Path(scratch))
        path = Path(scratch) / FILE_NAME
        if not path.is_file():
            found = f"{output_archive.name}: {FILE_NAME} is not in it"
            raise ModelError(f"{found}: the training recorded no digest of its model")
        with path.open("rb") as file:
            text = file.read(100).decode("ascii", "replace").strip()
    if not DIGEST.fullmatch(text):
        where = f"{output_archive.name}: {FILE_NAME}"
        raise ModelError(f"{where}: found {text!r}, expected 64 hex digits")
    return text


def check(folder: Path, name: str, expected: str) -> None:
    """Hold an unpacked model to its digest.

    Args:
        folder: what came out of the archive.
        name: of the archive, for the message.
        expected: 64 hex digits.

    Raises:
        ModelError: the files are others.
    """
    if (found := of(folder)) != expected:
        raise ModelError(
            f"{name}: found a model with sha256 {found}, expected {expected}, which its training "
            "recorded: it was replaced or damaged since, and was not opened"
        )


def _files(folder: Path) -> list[tuple[str, Path]]:
    """Return (path below the folder, path) of every file, sorted as bytes are."""
    found = [(path.relative_to(folder).as_posix(), path) for path in folder.rglob("*")]
    files = [(name, path) for name, path in found if path.is_file()]
    return sorted(files, key=lambda file: f"./{file[0]}".encode("utf-8", "surrogateescape"))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    try:
        main()
    except ScriptError as error:  # no job: nobody reads a file of its failure
        sys.exit(f"error: {error}")
