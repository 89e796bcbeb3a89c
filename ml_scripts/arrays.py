"""The splits as files: `X_<split>/X_<split>.npy` and `y_<split>/y_<split>.npy` in one folder.

Each array has a folder of its own because SageMaker copies folders. Arrays are never pickled, and
no file makes a reader take more memory than it may. features.json beside them names the columns of
rows, where they have names.
"""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from errors import DataError
from part import noun_of

FEATURES_FILE = "features.json"
KINDS = {(4, np.dtype(np.uint8)), (2, np.dtype(np.float32))}  # axes, type of a value

MAX_BYTES = 4 * 1024**3


def save_split(
    folder: Path, split: str, X: np.ndarray, y: np.ndarray, features: Sequence[str] = ()
) -> None:
    """Write one split below `folder`.

    Args:
        split: train, validation or test.
        X: images (n, height, width, channels) uint8, or rows (n, features) float32.
        y: (n,) integers.
        features: the names of the columns of rows, if they have some.
    """
    for name, array in ((f"X_{split}", X), (f"y_{split}", y)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        np.save(folder / name / f"{name}.npy", array, allow_pickle=False)
    if features:
        (folder / FEATURES_FILE).write_text(json.dumps(list(features)))


def load_split(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return X, memory-mapped, and y, as save_split wrote them.

    Raises:
        DataError: a file is missing or unreadable, or the two do not fit each other.
    """
    X, y = _load(folder, f"X_{split}"), np.array(_load(folder, f"y_{split}"))
    if (X.ndim, X.dtype) not in KINDS:
        found = f"{X.dtype} of shape {X.shape}"
        expected = "uint8 (n, height, width, channels) or float32 (n, features)"
        raise DataError(f"X_{split}.npy", found, expected)
    if y.ndim != 1 or not np.issubdtype(y.dtype, np.integer):
        raise DataError(f"y_{split}.npy", f"{y.dtype} of shape {y.shape}", "integers (n,)")
    if len(X) != len(y):
        expected = f"{len(X):,}, one for each {noun_of(X)}"
        raise DataError(f"y_{split}.npy", f"{len(y):,} labels", expected)
    if not len(X):
        raise DataError(f"X_{split}.npy", f"no {noun_of(X)}", "at least one")
    return X, y


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


def _load(folder: Path, name: str) -> np.ndarray:
    path = folder / name / f"{name}.npy"
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
