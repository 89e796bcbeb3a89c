"""One part of a data set as it was uploaded, training or test: what dataset.py reads."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Part:
    """What was read, with the file names for messages.

    X: (n, height, width, channels) uint8, or rows (n, features) float32.
    y: (n,) int64, the classes by their numbers.
    features: the names of the columns of rows, if they have some.
    """

    X_file: str
    y_file: str
    X: np.ndarray
    y: np.ndarray
    features: tuple[str, ...] = ()

    @property
    def noun(self) -> str:
        """What one of them is called in messages."""
        return noun_of(self.X)


def noun_of(X: np.ndarray) -> str:
    """Return what one of the examples in X is: an image, or a row of a table."""
    return "image" if X.ndim == 4 else "row"  # noqa: PLR2004
