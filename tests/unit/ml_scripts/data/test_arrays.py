"""Splits as files: what is saved is loaded, and what does not fit is refused."""

import json

import numpy as np
import pytest

from data.arrays import load_features, load_npz, load_split, path_of, paths_of_part
from job.errors import DataError

IMAGES, LABELS = np.zeros((3, 4, 4, 1), np.uint8), np.array([0, 1, 2])
ROWS = np.array([[0.5, -1], [2, 3], [4, 1e30]], np.float32)


def save_split(folder, split, X, y):
    save(path_of(folder, f"X_{split}"), X)
    save(path_of(folder, f"y_{split}"), y)


def save(path, array):
    path.parent.mkdir(exist_ok=True)
    np.save(path, array, allow_pickle=False)


def test_a_split_comes_back(tmp_path):
    save_split(tmp_path, "train", IMAGES, LABELS)
    images, labels = load_split(tmp_path, "train")
    np.testing.assert_array_equal(images, IMAGES)
    np.testing.assert_array_equal(labels, LABELS)


def test_rows_come_back_with_the_names_of_their_columns(tmp_path):
    save_split(tmp_path, "test", ROWS, LABELS)
    (tmp_path / "features.json").write_text(json.dumps(["age", "größe"]))
    np.testing.assert_array_equal(load_split(tmp_path, "test")[0], ROWS)
    assert load_features(tmp_path, 2) == ["age", "größe"]


def test_columns_without_names_have_numbers(tmp_path):
    save_split(tmp_path, "test", ROWS, LABELS)
    assert load_features(tmp_path, 2) == ["feature 0", "feature 1"]


@pytest.mark.parametrize("content", ["", "{}", '["a", "b", "c"]', "2"])
def test_names_that_do_not_fit_the_columns_are_refused(tmp_path, content):
    (tmp_path / "features.json").write_text(content)
    with pytest.raises(DataError, match=r"features.json: found .*, expected a JSON list of 2"):
        load_features(tmp_path, 2)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (IMAGES.astype(np.float32), LABELS, "X_train.npy: found float32 of shape"),
        (IMAGES[..., 0], LABELS, "X_train.npy: found uint8 of shape"),
        (ROWS.astype(float), LABELS, "X_train.npy: found float64 of shape"),
        (ROWS, LABELS[:2], "y_train.npy: found 2 labels, expected 3, one for each row"),
        (IMAGES, LABELS.astype(float), "y_train.npy: found float64 of shape"),
        (IMAGES, LABELS[:2], "y_train.npy: found 2 labels, expected 3, one for each image"),
        (IMAGES[:0], LABELS[:0], "X_train.npy: found"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path, images, labels, message):
    save_split(tmp_path, "train", images, labels)
    with pytest.raises(DataError) as caught:
        load_split(tmp_path, "train")
    assert str(caught.value).startswith(message)


def test_a_missing_array_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"X_train.npy: found no such file"):
        load_split(tmp_path, "train")


def test_pickled_objects_are_refused(tmp_path):
    save_split(tmp_path, "train", IMAGES, LABELS)
    path = tmp_path / "X_train/X_train.npy"
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)
    with pytest.raises(DataError, match=r"X_train.npy: found an unreadable array"):
        load_split(tmp_path, "train")


def test_a_zip_of_arrays_is_no_array(tmp_path):
    """np.load would take it, and give something without a shape."""
    save_split(tmp_path, "train", IMAGES, LABELS)
    with (tmp_path / "X_train/X_train.npy").open("wb") as file:
        np.savez(file, IMAGES)
    with pytest.raises(DataError, match=r"X_train.npy: found an unreadable array"):
        load_split(tmp_path, "train")


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '|u1', 'fortran_order': False, 'shape': (9999999999999, 9, 9, 1), }",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 2, 2, 1), }",
        "__import__('os').abort()",
        "[" * 3000,
    ],
    ids=["endless", "negative", "code", "nested"],
)
def test_a_hostile_header_is_refused(tmp_path, header):
    save_split(tmp_path, "train", IMAGES, LABELS)
    length = len(header).to_bytes(2, "little")
    content = b"\x93NUMPY\x01\x00" + length + header.encode() + bytes(24)
    (tmp_path / "X_train/X_train.npy").write_bytes(content)
    with pytest.raises(DataError, match=r"X_train.npy: found an unreadable array"):
        load_split(tmp_path, "train")


def test_what_unpacks_to_more_than_it_may_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.npz"
    np.savez_compressed(path, zeros=np.zeros(1_000_000, np.uint8))
    assert path.stat().st_size < 2000
    with pytest.raises(DataError, match=r"bomb.npz: found 1,000,128 bytes when unpacked, expected"):
        load_npz(path, "arrays", max_bytes=100_000)


NUMBERED = np.arange(40, dtype=np.uint8).reshape(10, 2, 2, 1)
HALVES = ([1, 4, 5, 8, 9], [0, 2, 3, 6, 7])


def save_parts(folder, *parts):
    """Save rows and their places, one part after the other, of ten images."""
    save(path_of(folder, "y_train"), np.arange(10))
    for number, (rows, places) in enumerate(parts, start=1):
        paths = paths_of_part(folder, "X_train", number, len(parts))
        for path, array in zip(paths, (rows, places), strict=True):
            save(path, np.array(array))


def test_parts_are_one_split_in_its_order(tmp_path):
    none = np.zeros((0, 0, 0, 0), np.uint8), np.zeros(0, int)  # of an instance without images
    save_parts(tmp_path, *((NUMBERED[places], places) for places in HALVES), none)
    X, y = load_split(tmp_path, "train")
    assert (X.shape, X.dtype, X.ndim, len(y)) == ((10, 2, 2, 1), np.uint8, 4, 10)
    np.testing.assert_array_equal(X, NUMBERED)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ((NUMBERED[:5], [0, 2, 3, 6, 6]), "X_train: found 10 rows from 0 to 9, expected each row"),
        ((NUMBERED[:5], [0, 2, 3, 6, -1]), "X_train: found 10 rows from -1 to 9, expected each"),
        ((NUMBERED[:5], [0, 2, 3, 6, 2**40]), "X_train: found 10 rows from 0 to 1099511627776"),
        ((NUMBERED[:4], HALVES[1]), "places-00002-of-00002.npy: found int64 of shape (5,), exp"),
        ((NUMBERED[:5], [0.0, 2, 3, 6, 7]), "places-00002-of-00002.npy: found float64 of shape"),
        ((NUMBERED[:4], HALVES[1][:4]), "X_train: found 9 rows from 0 to 9, expected each row"),
        ((NUMBERED[:3], HALVES[1][:3]), "X_train: found 8 rows from 0 to 9, expected each row"),
        ((NUMBERED[:0], []), "places-00002-of-00002.npy: found float64 of shape (0,), expected"),
        ((NUMBERED[:5, 1:], HALVES[1]), "X_train: found uint8 of shape (1, 2, 1) and uint8 of"),
        ((NUMBERED[:5, 0], HALVES[1]), "X_train-00002-of-00002.npy: found uint8 of shape (5, 2,"),
    ],
)
def test_parts_that_do_not_fit_are_refused(tmp_path, second, message):
    save_parts(tmp_path, (NUMBERED[:5], HALVES[0]), second)
    with pytest.raises(DataError) as caught:
        load_split(tmp_path, "train")
    assert str(caught.value).startswith(message)


def test_a_last_row_that_is_missing_is_missed(tmp_path):
    save_parts(tmp_path, (NUMBERED[:5], range(5)), (NUMBERED[:4], range(5, 9)))
    message = "y_train.npy: found 10 labels, expected 9, one for each image"
    with pytest.raises(DataError, match=message):
        load_split(tmp_path, "train")


def test_a_part_that_is_missing_is_missed(tmp_path):
    save_parts(tmp_path, *((NUMBERED[places], places) for places in HALVES))
    (tmp_path / "X_train/X_train-00001-of-00002.npy").unlink()
    with pytest.raises(DataError) as caught:
        load_split(tmp_path, "train")
    assert str(caught.value).startswith("X_train: found X_train-00002-of-00002.npy, expected part")
