"""The file of predictions: what was written comes back, and nothing else is taken for it."""

import hashlib

import numpy as np
import pytest

from job.errors import DataError
from scoring import predictions
from scoring.predictions import Predictions

PROBABILITIES = np.array([[0.5, 0.25, 0.25], [0.0, 0.125, 0.875]], np.float32)
TWO = Predictions(np.array([0, 1], np.uint8), PROBABILITIES)


def test_what_was_written_comes_back(tmp_path):
    predictions.save(TWO, tmp_path)
    read = predictions.load(tmp_path / "predictions.npz")
    np.testing.assert_array_equal(read.labels, TWO.labels)
    assert read.probabilities.tobytes() == PROBABILITIES.tobytes()
    assert read.labels_sha256 == TWO.labels_sha256


def test_labels_are_the_same_whatever_integers_hold_them():
    expected = hashlib.sha256(np.array([0, 1], np.int64).tobytes()).hexdigest()
    for dtype in (np.uint8, np.int32, ">i8"):
        assert Predictions(np.array([0, 1], dtype), PROBABILITIES).labels_sha256 == expected


def test_the_true_class_is_among_the_most_probable():
    assert TWO.in_top(1).tolist() == [True, False]
    assert TWO.in_top(2).tolist() == [True, True]


def _pickled(path):
    np.savez(path, labels=np.array([{}]), probabilities=PROBABILITIES)


def _nameless(path):
    np.savez(path, TWO.labels, PROBABILITIES)


def _unequal(path):
    np.savez(path, labels=np.zeros(3, int), probabilities=PROBABILITIES)


def _a_bare_array(path):
    with path.open("wb") as file:
        np.save(file, PROBABILITIES)


@pytest.mark.parametrize(
    ("write", "found"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.write_bytes(b""), "an unreadable one"),
        (lambda path: path.write_bytes(b"PK\3\4 torn"), "an unreadable one"),
        (_pickled, "an unreadable one"),
        (_nameless, "the arrays arr_0, arr_1"),
        (_a_bare_array, "an unreadable one"),
        (lambda path: np.savez(path, labels=[0, 3], probabilities=PROBABILITIES), "labels"),
        (lambda path: np.savez(path, labels=[0, -1], probabilities=PROBABILITIES), "labels"),
        (lambda path: np.savez(path, labels=["a", "b"], probabilities=PROBABILITIES), "<U1 and"),
        (_unequal, r"shapes \(3,\) and \(2, 3\)"),
    ],
)
def test_another_file_is_refused(tmp_path, write, found):
    path = tmp_path / "predictions.npz"
    write(path)
    expected = "(a file of|integers|at least one)"
    with pytest.raises(DataError, match=f"predictions.npz: found {found}.*, expected {expected}"):
        predictions.load(path)
