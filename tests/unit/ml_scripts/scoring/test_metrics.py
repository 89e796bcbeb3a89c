"""The metrics are scikit-learn's on the images themselves, in SageMaker's format."""

import json

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
    precision_recall_fscore_support,
    top_k_accuracy_score,
)

from scoring.metrics import METRICS, as_json, score
from scoring.predictions import Predictions

RANDOM = np.random.default_rng(3)


def _predictions(classes: int, images: int = 500) -> Predictions:
    labels = RANDOM.integers(0, classes, images)
    probabilities = RANDOM.dirichlet(np.ones(classes), images)
    probabilities[np.arange(images), labels] += 1
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return Predictions(labels, probabilities.astype(np.float32))


FOUR = _predictions(4)


def _values(entries: dict) -> dict[str, float]:
    return {name: entry["value"] for name, entry in entries.items() if "value" in entry}


def test_values_equal_scikit_learns():
    metrics = as_json(score(FOUR))[METRICS]
    labels, predicted = FOUR.labels, FOUR.predicted
    expected = {
        "accuracy": accuracy_score(labels, predicted),
        "loss": log_loss(labels, FOUR.probabilities),
        "top_3_accuracy": top_k_accuracy_score(labels, FOUR.probabilities, k=3),
    }
    for average in ("weighted", "macro"):
        found = precision_recall_fscore_support(labels, predicted, average=average)
        names = (f"{average}_{name}" for name in ("precision", "recall", "f1"))
        expected |= dict(zip(names, found, strict=False))
    found = _values(metrics)
    assert found.pop("expected_calibration_error") >= 0  # test_calibration.py
    assert found == pytest.approx(expected)
    matrix = confusion_matrix(labels, predicted)
    assert [list(row.values()) for row in metrics["confusion_matrix"].values()] == matrix.tolist()


def test_each_class_has_its_own():
    per_class = as_json(score(FOUR))["per_class"]
    assert list(per_class) == ["0", "1", "2", "3"]
    expected = precision_recall_fscore_support(FOUR.labels, FOUR.predicted)
    for number, scores in enumerate(per_class.values()):
        precision, recall, f1, samples = (column[number] for column in expected)
        assert scores.pop("samples") == samples
        assert _values(scores) == pytest.approx(
            {"precision": precision, "recall": recall, "f1": f1}
        )


@pytest.mark.parametrize(
    ("classes", "top"),
    [
        (2, set()),
        (3, set()),
        (4, {"top_3_accuracy"}),
        (5, {"top_3_accuracy"}),
        (6, {"top_3_accuracy", "top_5_accuracy"}),
    ],
)
def test_top_k_is_there_where_it_says_something(classes, top):
    metrics = as_json(score(_predictions(classes)))[METRICS]
    assert {name for name in metrics if name.startswith("top_")} == top
    assert len(metrics["confusion_matrix"]) == classes


def test_two_classes_are_scored_like_any_number():
    two = _predictions(2)
    metrics = _values(as_json(score(two))[METRICS])
    assert metrics["loss"] == pytest.approx(log_loss(two.labels, two.probabilities[:, 1]))
    assert metrics["macro_f1"] == pytest.approx(
        f1_score(two.labels, two.predicted, average="macro")
    )


def test_deviations_are_those_of_sampling():
    metrics = as_json(score(FOUR))[METRICS]
    accuracy, loss = metrics["accuracy"], metrics["loss"]
    binomial = (accuracy["value"] * (1 - accuracy["value"]) / 500) ** 0.5
    assert accuracy["standard_deviation"] == pytest.approx(binomial, rel=0.1)
    assert loss["standard_deviation"] == pytest.approx(FOUR.losses.std() / 500**0.5, rel=0.1)


def test_the_same_predictions_give_the_same_json():
    first, second = (as_json(score(FOUR)) for _ in range(2))
    assert json.dumps(first, allow_nan=False) == json.dumps(second, allow_nan=False)


def test_a_class_without_images_and_a_hopeless_model_stay_finite():
    certain = np.tile(np.array([1.0, 0.0, 0.0], np.float32), (5, 1))
    found = as_json(score(Predictions(np.ones(5, int), certain)))
    json.dumps(found, allow_nan=False)
    assert found[METRICS]["accuracy"] == {"value": 0.0, "standard_deviation": 0.0}
    assert found[METRICS]["loss"]["value"] == pytest.approx(-np.log(np.finfo(np.float32).eps))
    assert found["per_class"]["2"]["recall"] == {"value": 0.0, "standard_deviation": 0.0}
    assert found["per_class"]["2"]["samples"] == 0
