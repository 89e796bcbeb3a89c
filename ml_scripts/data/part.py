"""One part of a data set as it was uploaded, training or test: what dataset.py reads."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np


class RowsFile(Protocol):
    """A file whose rows are read chunk by chunk, such as idx.IdxFile."""

    def __len__(self) -> int:
        """Return how many rows it has."""

    def chunks(self) -> Iterator[np.ndarray]:
        """Yield the rows in order, (k, ...) each, and raise DataError where they end badly."""


@dataclass(frozen=True)
class StreamedRows:
    """The rows of one file or of many, which are never in memory together.

    shape: (n, ...) of all rows of the part, those included that are in another instance's files.
    dtype: of a value.
    files: the number of the first row of each file, and the file.
    """

    shape: tuple[int, ...]
    dtype: np.dtype
    files: Sequence[tuple[int, RowsFile]]

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def __len__(self) -> int:
        """Return how many rows the part has."""
        return self.shape[0]

    def chunks(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the number of the first row of each chunk, and its rows (k, ...).

        Raises:
            ValueError: a file gives other rows, or another number of them, than was promised.
        """
        for first, file in self.files:
            count = 0
            for rows in file.chunks():
                if (rows.shape[1:], rows.dtype) != (self.shape[1:], self.dtype):
                    found = f"{rows.dtype} of shape {rows.shape[1:]}"
                    raise ValueError(f"found rows {found}, expected {self.dtype} {self.shape[1:]}")
                yield first + count, rows
                count += len(rows)
            if count != len(file):
                raise ValueError(f"found {count:,} rows in a file, expected {len(file):,}")

    def held(self) -> np.ndarray:
        """Return which of the rows are in the files, (n,) bool."""
        held = np.zeros(len(self), bool)
        for first, file in self.files:
            held[first : first + len(file)] = True
        return held


@dataclass(frozen=True, eq=False)
class Part:
    """What was read, with the file names for messages.

    X_file, y_file: what to name where a fault is not in one of several files.
    X: (n, height, width, channels) uint8, or rows (n, features) float32: an array where it fits
        into memory several times over, else StreamedRows.
    y: (n,) int64, the classes by their numbers.
    features: the names of the columns of rows, if they have some.
    y_files: of labels in several files the number of the first label of each, and its name.
    missing: the names of files of X that are not there; another instance of the job has them.
    """

    X_file: str
    y_file: str
    X: np.ndarray | StreamedRows
    y: np.ndarray
    features: tuple[str, ...] = ()
    y_files: tuple[tuple[int, str], ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def noun(self) -> str:
        """What one of them is called in messages."""
        return noun_of(self.X)

    def file_of_label(self, row: int) -> str:
        """Return the name of the file that the label of that row is in."""
        found = bisect_right(self.y_files, row, key=lambda each: each[0])
        return self.y_files[found - 1][1] if found else self.y_file

    def chunks(self) -> Iterator[tuple[int, np.ndarray]]:
        """Yield the number of the first row of each chunk of X, and its rows (k, ...)."""
        if isinstance(self.X, np.ndarray):
            yield 0, self.X
        else:
            yield from self.X.chunks()

    def held(self) -> np.ndarray:
        """Return which of the rows chunks() will yield, (n,) bool."""
        return np.ones(len(self.X), bool) if isinstance(self.X, np.ndarray) else self.X.held()


class Shaped(Protocol):
    """What has a shape: an array, or StreamedRows."""

    @property
    def ndim(self) -> int:
        """The number of axes."""


def noun_of(X: Shaped) -> str:
    """Return what one of the examples in X is: an image, or a row of a table."""
    return "image" if X.ndim == 4 else "row"  # noqa: PLR2004
