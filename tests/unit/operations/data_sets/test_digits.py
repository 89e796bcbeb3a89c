"""scikit-learn's digits as gzipped IDX files."""

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from operations.data_sets import digits
from operations.data_sets.fashion_mnist import PINS


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return digits.write(tmp_path_factory.mktemp("digits") / "new")


def read_idx(path: Path) -> np.ndarray:
    """An independent reader of the format."""
    content = gzip.decompress(path.read_bytes())
    dimensions = struct.unpack_from(f">{content[3]}I", content, 4)
    assert content[:3] == b"\x00\x00\x08"
    return np.frombuffer(content, np.uint8, offset=4 + 4 * content[3]).reshape(dimensions)


def test_the_files_have_the_names_of_fashion_mnist(folder: Path) -> None:
    assert {file.name for file in folder.iterdir()} == set(PINS)


def test_all_1797_images_are_there_once(folder: Path) -> None:
    train = read_idx(folder / "train-images-idx3-ubyte.gz")
    test = read_idx(folder / "t10k-images-idx3-ubyte.gz")
    assert train.shape == (1437, 8, 8)
    assert test.shape == (360, 8, 8)
    assert len(read_idx(folder / "train-labels-idx1-ubyte.gz")) == 1437
    assert len(read_idx(folder / "t10k-labels-idx1-ubyte.gz")) == 360


def test_pixels_fill_the_range_of_a_byte(folder: Path) -> None:
    train = read_idx(folder / "train-images-idx3-ubyte.gz")
    assert train.min() == 0
    assert train.max() == 255
    assert set(np.unique(train)) == {round(value * 255 / 16) for value in range(17)}


def test_the_split_is_stratified(folder: Path) -> None:
    counts = np.bincount(read_idx(folder / "t10k-labels-idx1-ubyte.gz"))
    assert len(counts) == 10
    assert counts.min() >= 34
    assert counts.max() <= 37


def test_the_same_bytes_every_time(folder: Path, tmp_path: Path) -> None:
    again = digits.write(tmp_path)
    for file in folder.iterdir():
        assert file.read_bytes() == (again / file.name).read_bytes()
