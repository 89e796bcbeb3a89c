"""What a model says of the test images beside the truth: what every metric is computed from."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from data.arrays import load_npz
from job.errors import DataError

FILE_NAME = "predictions.npz"
TOP = (3, 5)  # the k of top-k accuracy, where there are more classes than that


@dataclass(frozen=True)
class Predictions:
    """The true classes of the test images, and a model's probabilities for them.

    labels: (n,) integers 0..classes-1. probabilities: (n, classes) float32, each row sums to 1.
    """

    labels: np.ndarray
    probabilities: np.ndarray

    @property
    def classes(self) -> int:
        """How many classes the model knows."""
        return self.probabilities.shape[1]

    @cached_property
    def predicted(self) -> np.ndarray:
        """The most probable class of each image, (n,)."""
        return self.probabilities.argmax(axis=1)

    @cached_property
    def confidence(self) -> np.ndarray:
        """The probability of the predicted class, (n,) float64."""
        return self.probabilities.max(axis=1).astype(np.float64)

    @cached_property
    def correct(self) -> np.ndarray:
        """Whether the predicted class is the true one, (n,) bool."""
        return self.predicted == self.labels

    @cached_property
    def losses(self) -> np.ndarray:
        """The log loss of each image, (n,) float64, clipped as scikit-learn's, so it is finite."""
        of_truth = self.probabilities[np.arange(len(self.labels)), self.labels]
        epsilon = np.finfo(self.probabilities.dtype).eps
        return -np.log(np.clip(of_truth, epsilon, 1 - epsilon).astype(np.float64))

    def in_top(self, k: int) -> np.ndarray:
        """Whether the true class is among the k most probable, (n,) bool; ties as scikit-learn."""
        ranked = np.argsort(self.probabilities, axis=1, kind="stable")[:, ::-1]  # (n, classes)
        return (ranked[:, :k] == self.labels[:, None]).any(axis=1)

    @property
    def labels_sha256(self) -> str:
        """The digest of the labels as little-endian int64: equal for equal test sets."""
        return hashlib.sha256(self.labels.astype("<i8").tobytes()).hexdigest()


def save(predictions: Predictions, folder: Path) -> None:
    """Write predictions.npz, the arrays `labels` and `probabilities`, into the folder."""
    np.savez_compressed(
        folder / FILE_NAME,
        labels=predictions.labels,
        probabilities=predictions.probabilities,
    )


def load(path: Path) -> Predictions:
    """Read a predictions.npz.

    Raises:
        DataError: the file is missing, damaged or holds other arrays.
    """
    expected = "a file of the arrays labels (n,) and probabilities (n, classes)"
    found = load_npz(path, expected)
    if found.keys() != {"labels", "probabilities"}:
        raise DataError(path, f"the arrays {', '.join(sorted(found)) or 'none'}", expected)
    read = Predictions(found["labels"], found["probabilities"])
    if (read.labels.ndim, read.probabilities.ndim) != (1, 2) or len(read.labels) != len(
        read.probabilities
    ):
        shapes = f"shapes {read.labels.shape} and {read.probabilities.shape}"
        raise DataError(path, shapes, expected)
    if not (_are(np.integer, read.labels) and _are(np.floating, read.probabilities)):
        kinds = f"{read.labels.dtype} and {read.probabilities.dtype}"
        raise DataError(path, kinds, "integers and floating-point numbers")
    if not len(read.labels) or not 0 <= read.labels.min() <= read.labels.max() < read.classes:
        found_labels = f"labels {sorted(set(read.labels.tolist()))[:5]}"
        raise DataError(path, found_labels, f"at least one, and within 0 and {read.classes - 1}")
    return read


def _are(kind: type, array: np.ndarray) -> bool:
    return np.issubdtype(array.dtype, kind)
