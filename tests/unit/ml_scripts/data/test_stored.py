"""Rows on the disk: what was read is not kept in memory."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data.stored import StoredRows
from job.errors import DataError

READ_ALL = """
import sys
import numpy as np
sys.path.insert(0, sys.argv[1])
from data.stored import StoredRows

def resident():
    status = open("/proc/self/status").read()
    return 1024 * int(status.split("VmRSS:")[1].split()[0])

mapped = np.lib.format.open_memmap(sys.argv[2], mode="r")
rows, before, most, total = StoredRows([mapped]), resident(), 0, 0
order = np.random.default_rng(1).permutation(len(rows))
for batch in np.split(order, len(order) // 64):
    total += int(rows[batch].sum(dtype=np.int64))
    most = max(most, resident() - before)
print(most, total)
if sys.argv[3:]:  # the array itself: what was read stays
    total = int(np.asarray(mapped).sum(dtype=np.int64))
    print(resident() - before, total)
"""
ROWS, ROW = 32_000, (80, 80, 1)  # 205 MB


def test_reading_all_rows_keeps_few_of_them_in_memory(tmp_path, ml_scripts):
    path = tmp_path / "X.npy"
    written = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(ROWS, *ROW))
    written[:] = np.arange(ROWS, dtype=np.uint8)[:, None, None, None]
    command = [sys.executable, "-c", READ_ALL, ml_scripts, path, "too"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    path.unlink()
    (most, total), (kept, of_the_array) = (map(int, line.split()) for line in said.splitlines())
    assert total == of_the_array
    assert most < written.nbytes // 20
    assert kept > written.nbytes


def stored(path: Path, array: np.ndarray, kept_bytes: int, parts: int = 1) -> StoredRows:
    """Store an array, in one file or with its rows dealt out among several."""
    owner = RANDOM.integers(0, parts, len(array))
    places = [np.flatnonzero(owner == number) for number in range(parts)]
    files = []
    for number, of_part in enumerate(places):
        name = path.with_name(f"{number}-{path.name}" if number else path.name)
        np.save(name, array[of_part])
        files.append(np.lib.format.open_memmap(name, mode="r"))
    return StoredRows(files, places if parts > 1 else (), kept_bytes)


RANDOM = np.random.default_rng(3)


@pytest.mark.parametrize(
    "key",
    [
        RANDOM.permutation(50),
        RANDOM.integers(-50, 50, 20),
        np.arange(50) % 3 == 0,
        [],
        [4],
        slice(None),
        slice(40, 3, -7),
        slice(7, 7),
        17,
        -1,
        np.int32(3),
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "array",
    [
        RANDOM.integers(0, 256, (50, 4, 5, 3), np.uint8),
        RANDOM.normal(scale=1e30, size=(50, 3)).astype(np.float32),
    ],
    ids=["images", "rows"],
)
@pytest.mark.parametrize("kept_bytes", [0, 10**6])
@pytest.mark.parametrize("parts", [1, 3])
def test_rows_are_those_of_the_array(tmp_path, array, key, kept_bytes, parts):
    found = stored(tmp_path / "X.npy", array, kept_bytes, parts)[key]
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array[key])


@pytest.mark.parametrize("row", [3, -4, 2**60])
@pytest.mark.parametrize("kept_bytes", [0, 10**6])
def test_a_row_that_is_not_there_is_refused(tmp_path, row, kept_bytes):
    rows = stored(tmp_path / "X.npy", np.zeros((3, 2), np.float32), kept_bytes)
    with pytest.raises(IndexError):
        rows[row]


def test_a_file_that_was_cut_meanwhile_is_named(tmp_path):
    rows = stored(tmp_path / "X.npy", np.ones((3, 2), np.float32), kept_bytes=0)
    os.truncate(tmp_path / "X.npy", 128 + 9)
    assert rows[0].tolist() == [1, 1]
    with pytest.raises(DataError, match=r"X\.npy: found its end at 137 bytes, expected more rows"):
        rows[1]


@pytest.mark.parametrize("key", [(0, 1), (slice(None), None), None, ...])
def test_what_is_more_than_rows_is_refused(tmp_path, key):
    rows = stored(tmp_path / "X.npy", np.zeros((3, 2, 2, 1), np.uint8), kept_bytes=0)
    with pytest.raises(IndexError, match=r"whole rows only: np\.asarray"):
        rows[key]
