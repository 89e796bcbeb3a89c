"""Write the splits of a data set as files; its rows are read once, and never in memory together.

Each row goes to its place in its file as it comes. All files get their names together, when the
last byte of the last input was read and found well: a bad upload leaves nothing downstream.
"""

import io
import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from data import arrays
from data.instances import Instance
from data.part import Part
from data.staging import Staging, staged
from data.stored import runs


@dataclass(frozen=True)
class Split:
    """What one of the next steps reads: these rows of a part, in this order."""

    part: Part
    rows: np.ndarray

    @property
    def y(self) -> np.ndarray:
        """The labels, (n,) int64."""
        return self.part.y[self.rows]


def write(folder: Path, splits: Mapping[str, Split], instance: Instance) -> None:
    """Write each split below the folder of its name, as arrays.load_split reads it.

    One instance writes X as one file. Of several each writes a file of the rows that it holds and
    of their places in the split, and the first one writes what all of them know.

    Raises:
        DataError: an input is damaged; then none of the files is there.
    """
    with staged() as staging:
        for part in dict.fromkeys(split.part for split in splits.values()):
            files = [
                _open_rows(staging, folder / name, name, split, instance)
                for name, split in splits.items()
                if split.part is part
            ]
            for first, rows in part.chunks():
                for file in files:
                    file.write(first, rows)
        if instance.number == 1:
            for name, split in splits.items():
                _write_labels(staging, folder / name, name, split)


class RowsWriter:
    """Writes rows of a part into a .npy file, in whatever order they come.

    It is the file that np.save would write of them: nothing tells how it was made.

    Args:
        file: new and empty.
        part: that the rows are of.
        places: (n,) where in the file each row of the part belongs, -1 for those that do not.
    """

    def __init__(self, file: BinaryIO, part: Part, places: np.ndarray) -> None:
        self._file, self._places = file.fileno(), places
        shape = (int((places >= 0).sum()), *part.X.shape[1:])
        self._row_bytes = math.prod(shape[1:]) * part.X.dtype.itemsize
        header = _npy_header(shape, part.X.dtype)
        self._start = len(header)
        self._write_at(0, memoryview(header))

    def write(self, first: int, rows: np.ndarray) -> None:
        """Write what belongs here of rows (k, ...), the first of which is the part's `first`."""
        places = self._places[first : first + len(rows)]
        mine = np.flatnonzero(places >= 0)
        places, content = places[mine], rows[mine].reshape(-1).view(np.uint8).data
        # Neighbours go together: the whole test split is one run.
        for begin, end in runs(places):
            run = content[begin * self._row_bytes : end * self._row_bytes]
            self._write_at(self._start + int(places[begin]) * self._row_bytes, run)

    def _write_at(self, offset: int, content: memoryview) -> None:
        while content:  # a disk that fills up takes a part first, and refuses the rest
            written = os.pwrite(self._file, content, offset)
            offset, content = offset + written, content[written:]


def _open_rows(
    staging: Staging, folder: Path, name: str, split: Split, instance: Instance
) -> RowsWriter:
    """Make the file of this instance's rows of a split, and one of their places beside it."""
    held, places = _places(split)
    if instance.count == 1:
        path = arrays.path_of(folder, f"X_{name}")
    else:
        number, count = instance.number, instance.count
        path, places_path = arrays.paths_of_part(folder, f"X_{name}", number, count)
        np.save(staging.open(places_path), held, allow_pickle=False)
    return RowsWriter(staging.open(path), split.part, places)


def _places(split: Split) -> tuple[np.ndarray, np.ndarray]:
    """Return which places of the split are filled from here, and each row's place among these.

    The first is ascending; the second, (n,), has -1 for the rows that are not of the split.
    """
    places = np.full(len(split.part.X), -1)  # in the split
    places[split.rows] = np.arange(len(split.rows))
    places[~split.part.held()] = -1
    mine = places >= 0
    held = np.sort(places[mine])
    places[mine] = np.searchsorted(held, places[mine])
    return held, places


def _write_labels(staging: Staging, folder: Path, name: str, split: Split) -> None:
    np.save(staging.open(arrays.path_of(folder, f"y_{name}")), split.y, allow_pickle=False)
    if split.part.features:
        features = json.dumps(list(split.part.features))
        staging.open(folder / arrays.FEATURES_FILE).write(features.encode())


def _npy_header(shape: tuple[int, ...], dtype: np.dtype) -> bytes:
    header = io.BytesIO()
    descr = np.lib.format.dtype_to_descr(dtype)
    described = {"descr": descr, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, described)
    return header.getvalue()
