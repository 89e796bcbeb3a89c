"""The batches of an epoch: what goes into the model is what preprocessing wrote."""

import subprocess
import sys

import numpy as np
import pytest

from fitting.loop import batches

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


READ_AN_EPOCH = """
import sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from fitting.loop import batches, epoch_random
from data.stored import StoredRows

def memory(what):
    return 1024 * int(open("/proc/self/status").read().split(what + ":")[1].split()[0])

X = StoredRows([np.lib.format.open_memmap(sys.argv[2], mode="r")])
labels = np.zeros(len(X), np.int64)
list(batches(X, labels, np.arange(640), 64))  # TensorFlow's own, made once
before = memory("VmRSS")
count = 0
for epoch in (1, 2):
    order = epoch_random(0, epoch, 0).permutation(len(X))
    count += sum(len(y) for _, y in batches(X, labels, order, 64))
print(count, memory("VmHWM") - before)
"""


def test_an_epoch_takes_little_memory_however_large_the_arrays_are(tmp_path, ml_scripts):
    rows = 6_000  # of 40,000 bytes, 240 MB; they take no room on the disk
    np.lib.format.open_memmap(
        tmp_path / "X.npy", mode="w+", dtype=np.uint8, shape=(rows, 200, 200, 1)
    )
    command = [sys.executable, "-c", READ_AN_EPOCH, ml_scripts, tmp_path / "X.npy"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    count, more = map(int, said.split())
    assert count == 2 * rows
    assert more < 100 * 10**6
