"""The splits as files: `X_<split>/X_<split>.npy` and `y_<split>/y_<split>.npy` in one folder.

Each array has a folder of its own because SageMaker copies folders; arrays are never pickled.
"""

from pathlib import Path

import numpy as np

from errors import DataError


def save_split(folder: Path, split: str, images: np.ndarray, labels: np.ndarray) -> None:
    """Write one split below `folder`.

    Args:
        split: train, validation or test.
        images: (n, height, width, channels) uint8.
        labels: (n,) integers.
    """
    for name, array in ((f"X_{split}", images), (f"y_{split}", labels)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        np.save(folder / name / f"{name}.npy", array, allow_pickle=False)


def load_split(folder: Path, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the images, memory-mapped, and the labels that save_split wrote.

    Raises:
        DataError: a file is missing or unreadable, or the two do not fit each other.
    """
    images, labels = _load(folder, f"X_{split}"), np.array(_load(folder, f"y_{split}"))
    if images.ndim != 4 or images.dtype != np.uint8:  # noqa: PLR2004
        found = f"{images.dtype} of shape {images.shape}"
        raise DataError(f"X_{split}.npy", found, "uint8 (n, height, width, channels)")
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        found = f"{labels.dtype} of shape {labels.shape}"
        raise DataError(f"y_{split}.npy", found, "integers (n,)")
    if len(images) != len(labels):
        found = f"{len(labels):,} labels"
        raise DataError(f"y_{split}.npy", found, f"{len(images):,}, one for each image")
    if not len(images):
        raise DataError(f"X_{split}.npy", "no image", "at least one")
    return images, labels


def _load(folder: Path, name: str) -> np.ndarray:
    path = folder / name / f"{name}.npy"
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise DataError(path, "no such file", "an array written by preprocessing") from None
    except (OSError, ValueError, EOFError) as error:
        raise DataError(path.name, f"an unreadable array ({error})", "a .npy file") from None
