"""Calibration: the bins and their error, against the definition written down image by image."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import calibration
from scoring.metrics import METRICS, as_json, score
from scoring.predictions import Predictions


def _two_classes(answers: list[tuple[float, bool]]) -> Predictions:
    """Predictions of class 0 with these probabilities, right or not."""
    of_zero = np.array([confidence for confidence, _ in answers], np.float32)
    labels = np.array([0 if right else 1 for _, right in answers])
    return Predictions(labels, np.column_stack([of_zero, 1 - of_zero]))


def _error(predictions: Predictions) -> float:
    return as_json(score(predictions))[METRICS]["expected_calibration_error"]["value"]


ANSWERS = st.lists(
    st.tuples(st.floats(0.5, 1, width=32, exclude_min=True), st.booleans()), min_size=1, max_size=40
)


@settings(max_examples=50, deadline=None)
@given(ANSWERS)
def test_the_error_is_that_of_its_definition(answers):
    expected = 0.0
    for number in range(1, 16):
        low, high = (number - 1) / 15, number / 15
        bin_ = [(p, right) for p, right in answers if low < p <= high]
        if bin_:
            accuracy = math.fsum(right for _, right in bin_) / len(bin_)
            confidence = math.fsum(p for p, _ in bin_) / len(bin_)
            expected += len(bin_) / len(answers) * abs(accuracy - confidence)
    assert _error(_two_classes(answers)) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=50, deadline=None)
@given(ANSWERS)
def test_the_bins_hold_every_image_once_and_give_the_error_again(answers):
    predictions = _two_classes(answers)
    bins = calibration.bins(predictions)
    assert sum(bin_["count"] for bin_ in bins) == len(answers)
    again = 0.0
    for bin_ in bins:
        if bin_["count"]:
            assert bin_["low"] <= bin_["confidence"] <= bin_["high"] + 1e-9
            again += bin_["count"] * abs(bin_["accuracy"] - bin_["confidence"])
        else:
            assert bin_["accuracy"] is None
            assert bin_["confidence"] is None
    assert again / len(answers) == pytest.approx(_error(predictions), abs=1e-9)


def test_a_model_that_is_as_sure_as_it_is_right_has_no_error():
    assert _error(_two_classes([(0.75, True)] * 3 + [(0.75, False)])) == pytest.approx(0)


def test_a_model_that_is_sure_and_wrong_has_the_largest_error():
    assert _error(_two_classes([(1.0, False)] * 4)) == 1
