"""The X of a split as it lies on the disk, in one file or in those of several instances.

A small one is kept in memory. Of a larger one rows are read with pread when they are asked for. Not
through a mapping: what is read through one counts as memory of the process, and Linux maps up to
2 MB around each row of 784 bytes (6.18, ext4 with large folios).
"""

import itertools
import os
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from job.errors import DataError

KEPT_BYTES = 64 * 1024**2  # Fashion-MNIST's training images are 38 MB: 0.3 s an epoch less
FILE_ROWS = 2**40  # more than a file has


class StoredRows:
    """Rows (n, ...) on the disk, of which what is asked for is read.

    Args:
        files: each as np.memmap has it, in C order.
        places: of several files, the places in the split of the rows of each; together 0 to n-1.
        kept_bytes: how large rows may be together that are kept in memory.
    """

    def __init__(
        self,
        files: Sequence[np.memmap],
        places: Sequence[np.ndarray] = (),
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        self._files = [_File(file) for file in files]
        self._addresses = _addresses(places)
        self.dtype = files[0].dtype
        self.shape = (sum(len(file) for file in files), *files[0].shape[1:])
        small = sum(file.nbytes for file in files) <= kept_bytes
        self._kept = self._read(np.arange(len(self))) if small else None

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def __len__(self) -> int:
        """Return the number of rows."""
        return self.shape[0]

    def __getitem__(self, key: int | slice | Sequence[int] | np.ndarray) -> np.ndarray:
        """Return a row (...), or the rows (k, ...) of a slice, of numbers or of a mask.

        Raises:
            DataError: a file is shorter than it was.
        """
        if key is None or key is Ellipsis or isinstance(key, tuple):
            raise IndexError("whole rows only: np.asarray has all of them as an array")
        if isinstance(key, slice):
            key = np.arange(*key.indices(len(self)))
        rows = np.asarray(key, np.int64 if np.size(key) == 0 else None)
        if rows.dtype == bool:
            rows = np.flatnonzero(rows)
        found = self._gather(np.atleast_1d(rows))
        return found if rows.ndim else found[0]

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        """Return all rows, in memory."""
        return np.asarray(self[:], dtype)

    def _gather(self, rows: np.ndarray) -> np.ndarray:
        if self._kept is not None:
            return self._kept[rows]
        if len(rows) and not -len(self) <= rows.min() <= rows.max() < len(self):
            raise IndexError(f"rows {rows.min()} to {rows.max()}, of {len(self)}")
        return self._read(rows % len(self))

    def _read(self, rows: np.ndarray) -> np.ndarray:
        found = np.empty((len(rows), *self.shape[1:]), self.dtype)
        content = found.reshape(-1).view(np.uint8).data
        size = found[:1].nbytes
        if self._addresses is not None:
            rows = self._addresses[rows]
        for begin, end in runs(rows):
            number, within = divmod(int(rows[begin]), FILE_ROWS)
            self._files[number].read(within * size, content[begin * size : end * size])
        return found


Examples = np.ndarray | StoredRows  # the X of a split, as its readers take it


def runs(numbers: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield where each run of numbers that follow each other begins and ends."""
    if len(numbers):
        bounds = [0, *(np.flatnonzero(np.diff(numbers) != 1) + 1).tolist(), len(numbers)]
        yield from itertools.pairwise(bounds)


class _File:
    """The file of a memory-mapped array, open as long as this is there."""

    def __init__(self, mapped: np.memmap) -> None:
        assert mapped.filename is not None  # None only where a file without a name was mapped
        self._path, self._start = Path(mapped.filename), mapped.offset
        self._descriptor = os.open(self._path, os.O_RDONLY)
        weakref.finalize(self, os.close, self._descriptor)

    def read(self, offset: int, into: memoryview) -> None:
        """Fill `into` with what is at the offset, counted from where the array begins."""
        offset += self._start
        while into:  # one call reads 2 GB at most
            count = os.preadv(self._descriptor, [into], offset)
            if not count:
                raise DataError(self._path.name, f"its end at {offset:,} bytes", "more rows")
            offset, into = offset + count, into[count:]


def _addresses(places: Sequence[np.ndarray]) -> np.ndarray | None:
    """Return in which of several files each row is, times FILE_ROWS, plus where in it, (n,)."""
    if not places:
        return None
    addresses = np.empty(sum(len(each) for each in places), np.int64)
    for number, each in enumerate(places):
        addresses[each] = number * FILE_ROWS + np.arange(len(each))
    return addresses
