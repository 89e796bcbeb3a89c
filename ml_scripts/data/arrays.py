"""The splits as files: `X_<split>/X_<split>.npy` and `y_<split>/y_<split>.npy` in one folder.

Each array has a folder of its own because SageMaker copies folders. Where several instances wrote a
split, X is parts instead, `X_<split>-00001-of-00002.npy`, each with the places of its rows in the
split, `places-00001-of-00002.npy`; read, they are the same array. Arrays are never pickled, and no
file makes a reader take more memory than it may. features.json beside them names the columns of
rows, where they have names.
"""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data.part import noun_of
from data.stored import StoredRows
from job.errors import DataError

FEATURES_FILE = "features.json"
KINDS = {(4, np.dtype(np.uint8)), (2, np.dtype(np.float32))}  # axes, type of a value

MAX_BYTES = 4 * 1024**3


def path_of(folder: Path, name: str) -> Path:
    """Return where a split's folder has the array of that name."""
    return folder / name / f"{name}.npy"


def paths_of_part(folder: Path, name: str, number: int, count: int) -> tuple[Path, Path]:
    """Return where instance `number` of `count` puts its rows of an array, and their places."""
    part = f"{number:05}-of-{count:05}.npy"
    return folder / name / f"{name}-{part}", folder / name / f"places-{part}"


def load_split(folder: Path, split: str) -> tuple[StoredRows, np.ndarray]:
    """Return X, of which what is asked for is read, and y, as writing.write wrote them.

    Raises:
        DataError: a file is missing or unreadable, or they do not fit each other.
    """
    X, y = _load_rows(folder, f"X_{split}"), np.array(_load(path_of(folder, f"y_{split}")))
    if y.ndim != 1 or not np.issubdtype(y.dtype, np.integer):
        raise DataError(f"y_{split}.npy", f"{y.dtype} of shape {y.shape}", "integers (n,)")
    if len(X) != len(y):
        expected = f"{len(X):,}, one for each {noun_of(X)}"
        raise DataError(f"y_{split}.npy", f"{len(y):,} labels", expected)
    if not len(X):
        raise DataError(f"X_{split}.npy", f"no {noun_of(X)}", "at least one")
    return X, y


def _load_rows(folder: Path, name: str) -> StoredRows:
    """Return the rows of one file, or those of the parts that several instances wrote."""
    found = sorted(path.name for path in (folder / name).glob(f"{name}-*"))
    if not found:
        return StoredRows([_load_examples(path_of(folder, name))])
    paths = [paths_of_part(folder, name, number + 1, len(found)) for number in range(len(found))]
    if found != [path.name for path, _ in paths]:
        raise DataError(name, ", ".join(found), "part 1 to n, of n, each of them once")
    files, places = [], []
    for path, places_path in paths:
        rows, of_rows = _load_examples(path), np.array(_load(places_path))
        if (of_rows.shape, of_rows.dtype) != ((len(rows),), np.int64):
            kind = f"{of_rows.dtype} of shape {of_rows.shape}"
            raise DataError(places_path.name, kind, f"int64 ({len(rows)},), as {path.name}")
        if len(rows):
            files.append(rows)
            places.append(of_rows)
    _check_parts(name, files, places)
    return StoredRows(files, places)


def _check_parts(name: str, files: Sequence[np.ndarray], places: Sequence[np.ndarray]) -> None:
    if not files:
        raise DataError(name, "parts without a row", "at least one row")
    if len(kinds := {(file.shape[1:], file.dtype) for file in files}) > 1:
        found = " and ".join(sorted(f"{dtype} of shape {shape}" for shape, dtype in kinds))
        raise DataError(name, found, "rows of one shape in all parts")
    together = np.sort(np.concatenate(places))
    if not np.array_equal(together, np.arange(len(together))):
        found = f"{len(together):,} rows from {together[0]} to {together[-1]}"
        raise DataError(name, found, "each row from 0 on in one of the parts, none missing")


def load_features(folder: Path, count: int) -> list[str]:
    """Return the names of the columns of a split's rows, their numbers if they have none.

    Raises:
        DataError: there is a file of names, but not of `count` names.
    """
    path = folder / FEATURES_FILE
    if not path.exists():
        return [f"feature {number}" for number in range(count)]
    try:
        names = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise DataError(path.name, repr(error), f"a JSON list of {count} names") from None
    if not isinstance(names, list) or len(names) != count:
        raise DataError(path.name, repr(names)[:200], f"a JSON list of {count} names")
    return [str(name) for name in names]


def _load_examples(path: Path) -> np.memmap:
    X = _load(path)
    if (X.ndim, X.dtype) not in KINDS:
        found = f"{X.dtype} of shape {X.shape}"
        expected = "uint8 (n, height, width, channels) or float32 (n, features)"
        raise DataError(path.name, found, expected)
    if not X.flags.c_contiguous:
        raise DataError(path.name, "an array in Fortran's order", "one in C's")
    return X


def _load(path: Path) -> np.memmap:
    try:
        # np.load would take a .npz as well; this maps plain arrays only, and never unpickles.
        return np.lib.format.open_memmap(path, mode="r")
    except FileNotFoundError:
        raise DataError(path, "no such file", "an array written by preprocessing") from None
    except Exception as error:  # numpy raises whatever the damaged part of the header led to
        raise DataError(path.name, f"an unreadable array ({error})", "a .npy file") from None


def load_npz(path: Path, expected: str, max_bytes: int = MAX_BYTES) -> dict[str, np.ndarray]:
    """Return the arrays of a .npz file by name.

    Args:
        expected: what the file should be, for the message.
        max_bytes: that they may have when unpacked; more is not unpacked.

    Raises:
        DataError: the file is missing, damaged or too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > max_bytes:
            raise DataError(path, f"{size:,} bytes when unpacked", f"at most {max_bytes:,}")
        with np.load(path, allow_pickle=False) as arrays:
            return {name: _plain(arrays[name]) for name in arrays.files}
    except FileNotFoundError:
        raise DataError(path, "no such file", expected) from None
    except DataError:
        raise
    except Exception as error:  # as above, and zipfile does the same
        raise DataError(path, f"an unreadable one ({error})", expected) from None


def _plain(array: object) -> np.ndarray:
    if not isinstance(array, np.ndarray):  # any other file in the zip comes out as bytes
        raise ValueError("something else than arrays in it")
    return array
