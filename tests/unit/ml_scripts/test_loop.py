"""The batches of an epoch: what goes into the model is what preprocessing wrote."""

import numpy as np
import pytest

from loop import batches

RANDOM = np.random.default_rng(2)


@pytest.mark.parametrize(
    "X",
    [
        RANDOM.integers(0, 256, (7, 4, 5, 3), np.uint8),
        RANDOM.normal(scale=1e30, size=(7, 3)).astype(np.float32),
    ],
    ids=["images", "rows"],
)
def test_batches_hold_images_and_rows_as_they_are_in_order(X):
    y, order = np.arange(7, dtype=np.int16), RANDOM.permutation(7)

    found = [(rows.numpy(), labels.numpy()) for rows, labels in batches(X, y, order, 3)]

    assert [len(labels) for _, labels in found] == [3, 3, 1]
    assert all(rows.dtype == X.dtype for rows, _ in found)
    np.testing.assert_array_equal(np.concatenate([rows for rows, _ in found]), X[order])
    np.testing.assert_array_equal(np.concatenate([labels for _, labels in found]), y[order])
