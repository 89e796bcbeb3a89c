"""Preprocessing within a limit on its memory, which the data set as a whole would break."""

import gzip
import resource
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from data.arrays import load_split

# RLIMIT_DATA counts what a process allocates, and no mapped file. Python and numpy take 25 MB.
LIMIT_BYTES = 64 * 1024**2
IMAGES = {"train": 60_000, "t10k": 10_000}  # of Fashion-MNIST, 55 MB
RANDOM = np.random.default_rng(0)
BLOCK = RANDOM.integers(0, 256, (20, 28, 28), np.uint8)


def write_data_set(folder: Path, times: int) -> Path:
    """Write so many times Fashion-MNIST: 20 images in a circle, of ten classes."""
    folder.mkdir(parents=True)
    for part, count in IMAGES.items():
        images = gzip.compress(np.tile(BLOCK, (count // len(BLOCK), 1, 1)).tobytes(), 1)
        labels = gzip.compress(np.tile(np.arange(10, dtype=np.uint8), count // 10).tobytes(), 1)
        headers = {
            "images-idx3": struct.pack(">4I", 0x803, times * count, 28, 28),
            "labels-idx1": struct.pack(">2I", 0x801, times * count),
        }
        for kind, values in (("images-idx3", images), ("labels-idx1", labels)):
            content = gzip.compress(headers[kind]) + values * times  # gzip members, in a row
            (folder / f"{part}-{kind}-ubyte.gz").write_bytes(content)
    return folder


def limited(command: list, environment: dict[str, str]) -> subprocess.CompletedProcess:
    """Run a command in a process that may not have more than LIMIT_BYTES of memory."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_DATA, (LIMIT_BYTES, LIMIT_BYTES))

    # Each thread of OpenBLAS would reserve memory of its own.
    environment = {**environment, "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(
        command, env=environment, preexec_fn=limit, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("times", [1, pytest.param(10, marks=pytest.mark.slow)])
def test_a_data_set_is_preprocessed_in_less_memory_than_it_takes(
    tmp_path, ml_scripts, script_environment, times
):
    write_data_set(tmp_path / "processing/source_data", times)
    command = [sys.executable, ml_scripts / "preprocessing.py"]
    result = limited(command, script_environment(tmp_path))
    assert result.returncode == 0, result.stderr
    for split, share in (("train", 0.8), ("validation", 0.2)):
        X, y = load_split(tmp_path / "processing" / split, split)
        assert len(X) == len(y) == share * times * IMAGES["train"]
        assert (np.bincount(y) == len(y) // 10).all()
        for number in RANDOM.integers(0, len(X), 100):  # which of the twenty: told by its class
            assert any((X[number][..., 0] == BLOCK[y[number] + 10 * half]).all() for half in (0, 1))
    shutil.rmtree(tmp_path / "processing")


def test_nobody_could_hold_it_within_the_limit(script_environment, tmp_path):
    size = sum(IMAGES.values()) * BLOCK[0].size
    hold = f"import numpy; print(numpy.ones({size}, numpy.uint8).nbytes)"
    result = limited([sys.executable, "-c", hold], script_environment(tmp_path))
    assert result.returncode == 1
    assert "MemoryError: Unable to allocate" in result.stderr
