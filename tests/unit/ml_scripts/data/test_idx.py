"""IDX files: what is written is read, and a bad file is refused by name, found and expected."""

import gzip
import struct
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from data.idx import CHUNK_BYTES, ImagesFile, LabelsFile
from job.errors import DataError

IMAGES = np.arange(5 * 3 * 4, dtype=np.uint8).reshape(5, 3, 4)
SHAPES = arrays.array_shapes(min_dims=3, max_dims=4, min_side=1, max_side=6)
ONE_MEBIBYTE = 1024**2


def read_images(path, **limit):
    file = ImagesFile(path, **limit)
    empty = np.empty((0, *file.image_shape), np.uint8)
    return np.concatenate([empty, *file.chunks()])


def read_labels(path, **limit):
    return LabelsFile(path, **limit).read()


LABEL_DTYPES = st.sampled_from([np.dtype(code) for code in ("u1", "i1", "i2", "i4")])


@given(arrays.arrays(np.uint8, SHAPES), st.booleans())
@settings(max_examples=50, deadline=None)
def test_images_come_back_with_channels_last(idx_bytes, images, compressed):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("images.gz" if compressed else "images")
        content = idx_bytes(images)
        path.write_bytes(gzip.compress(content) if compressed else content)
        read = read_images(path)
    assert read.dtype == np.uint8
    assert read.ndim == 4
    np.testing.assert_array_equal(read.reshape(images.shape), images)


@given(LABEL_DTYPES.flatmap(lambda dtype: arrays.arrays(dtype, st.integers(0, 40))))
@settings(max_examples=50, deadline=None)
def test_labels_of_any_integer_type_come_back(idx_bytes, labels):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels"
        path.write_bytes(idx_bytes(labels))
        read = read_labels(path)
    assert read.dtype == np.int64
    np.testing.assert_array_equal(read, labels)


@given(st.binary(max_size=200), st.booleans())
@settings(max_examples=200, deadline=None)
def test_arbitrary_bytes_are_read_or_refused_but_never_crash(content, compressed):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("file.gz" if compressed else "file")
        path.write_bytes(content)
        for read in (read_images, read_labels):
            try:
                read(path)
            except DataError as error:
                assert str(error).startswith(path.name)


def _damaged_crc(content: bytes) -> bytes:
    packed = bytearray(gzip.compress(content))
    packed[-8] ^= 0xFF
    return bytes(packed)


@pytest.mark.parametrize(
    ("damage", "found", "expected"),
    [
        (lambda c: gzip.compress(c)[:-20], "a truncated gzip stream", "a whole gzip file"),
        (lambda c: gzip.compress(c)[:-4], "a truncated gzip stream", "a whole gzip file"),
        (lambda c: b"not gzip at all", "corrupt gzip data", "a whole gzip file"),
        (_damaged_crc, "corrupt gzip data (CRC check failed", "a whole gzip file"),
        (lambda c: gzip.compress(c[:-1]), "59 bytes of values", "60 bytes of values for"),
        (lambda c: gzip.compress(c + b"x"), "more bytes after", "60 bytes of values for"),
        (lambda c: gzip.compress(c[:10]), "a header of 10 bytes", "16"),
        (lambda c: gzip.compress(c[:3]), "magic 0x000008", "0x00000803 or 0x00000804"),
        (lambda c: gzip.compress(b"\x00\x00\x0d\x03" + c[4:]), "magic 0x00000d03", "0x00000803"),
        (lambda c: gzip.compress(b"\x01" + c[1:]), "magic 0x01000803", "0x00000803"),
        (lambda c: b"", "an empty file", "an IDX file of uint8 images"),
        (lambda c: gzip.compress(b""), "an empty file", "an IDX file of uint8 images"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path, idx_bytes, damage, found, expected):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(damage(idx_bytes(IMAGES)))
    with pytest.raises(DataError) as caught:
        read_images(path)
    before, after = str(caught.value).split(", expected ")
    assert before.startswith(f"{path.name}: found {found}".rstrip(","))
    assert expected in after


def test_a_labels_file_in_place_of_images_is_refused(tmp_path, idx_bytes):
    path = tmp_path / "train-images"
    path.write_bytes(idx_bytes(np.zeros(3, np.uint8)))
    with pytest.raises(
        DataError, match=r"train-images: found magic 0x00000801, expected 0x0000080"
    ):
        read_images(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="images: found no such file, expected an IDX file"):
        read_images(tmp_path / "images")


@pytest.mark.parametrize("size", [4, 2**32 - 1])
def test_images_without_pixels_are_refused(tmp_path, size):
    path = tmp_path / "images"
    path.write_bytes(bytes.fromhex("00000803") + struct.pack(">3I", 3, 0, size))
    with pytest.raises(DataError, match=r"images of shape \(0, .* expected at least one pixel"):
        read_images(path)


def test_a_header_that_promises_more_than_the_cap_is_refused_unread(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(bytes.fromhex("00000803") + b"\xff" * 12)
    with pytest.raises(DataError, match=r"found 79,228,.* expected at most 4,294,967,296"):
        read_images(path)


def test_no_images_of_an_impossible_size_are_refused(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(bytes.fromhex("00000803") + struct.pack(">3I", 0, 2**32 - 1, 2**32 - 1))
    with pytest.raises(DataError, match=r"images: found 0 bytes of .* expected at most 4,294,967"):
        read_images(path)


def test_the_cap_holds_for_the_labels_as_they_are_in_memory(tmp_path, idx_bytes):
    path = tmp_path / "labels"
    path.write_bytes(idx_bytes(np.zeros(100, np.uint8)))
    assert read_labels(path, max_bytes=800).nbytes == 800
    with pytest.raises(DataError, match=r"found 100 bytes of values .* expected at most 99"):
        read_labels(path, max_bytes=799)


def test_a_zip_bomb_is_read_no_further_than_its_header_promises(tmp_path, idx_bytes):
    path = tmp_path / "images.gz"
    path.write_bytes(gzip.compress(idx_bytes(IMAGES) + b"\0" * 50_000_000))
    with pytest.raises(DataError, match="found more bytes after the values"):
        read_images(path)


def test_images_come_in_chunks_however_large_the_file_is(tmp_path):
    path = tmp_path / "images"
    with path.open("wb") as file:  # takes no room on the disk
        file.write(bytes.fromhex("00000803") + struct.pack(">3I", 500, 1024, 1024))
        file.truncate(16 + 500 * ONE_MEBIBYTE)
    sizes = [chunk.nbytes for chunk in ImagesFile(path).chunks()]
    assert sum(sizes) == 500 * ONE_MEBIBYTE
    assert max(sizes) <= CHUNK_BYTES


def test_an_image_that_is_too_large_for_memory_is_refused_unread(tmp_path):
    path = tmp_path / "images"
    path.write_bytes(bytes.fromhex("00000803") + struct.pack(">3I", 1, 32768, 32768))
    expected = "images: found images of 1,073,741,824 bytes, expected at most 67,108,864 each"
    with pytest.raises(DataError, match=expected):
        read_images(path)


@pytest.mark.parametrize("name", ["images", "images.GZ", "images.gz", "images.idx3-ubyte"])
@pytest.mark.parametrize("packed", [gzip.compress, bytes])
def test_the_content_says_whether_a_file_is_gzipped(tmp_path, idx_bytes, name, packed):
    path = tmp_path / name
    path.write_bytes(packed(idx_bytes(IMAGES)))
    assert np.array_equal(read_images(path)[..., 0], IMAGES)
