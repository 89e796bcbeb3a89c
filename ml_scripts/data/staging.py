"""Files that appear under their names together, or not at all."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def staged() -> Iterator["Staging"]:
    """Give the files that are opened in the block their names when it ends well.

    After an error none of them is left, nor any of the folders that were made for them.
    """
    staging = Staging()
    try:
        with staging.files:
            yield staging
        staging.place()
    except BaseException:
        staging.discard()
        raise


class Staging:
    """New files, each in its folder under a hidden name.

    In its folder, because nothing can be renamed into the outputs of a processing job from
    elsewhere: they are mounts.
    """

    def __init__(self) -> None:
        self.files = ExitStack()
        self._names: list[tuple[Path, Path]] = []  # as it is called now, and as it will be
        self._placed: list[Path] = []
        self._made: list[Path] = []  # folders, parents first

    def open(self, path: Path) -> BinaryIO:
        """Return a new file, which will be `path`, and make its folder."""
        self._make(path.parent)
        hidden = path.with_name(f".{path.name}.partial")
        self._names.append((hidden, path))
        return self.files.enter_context(hidden.open("wb"))

    def _make(self, folder: Path) -> None:
        if not folder.is_dir():
            self._make(folder.parent)
            folder.mkdir()
            self._made.append(folder)

    def place(self) -> None:
        """Give all files their names."""
        for hidden, path in self._names:
            hidden.replace(path)
            self._placed.append(path)

    def discard(self) -> None:
        """Remove what was made."""
        for file in (*(hidden for hidden, _ in self._names), *self._placed):
            file.unlink(missing_ok=True)
        for folder in reversed(self._made):
            with suppress(OSError):  # somebody else's files are in it
                folder.rmdir()
