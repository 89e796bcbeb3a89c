"""The metrics are scikit-learn's on the images themselves, in SageMaker's format."""

import json

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
)

from metrics import classification_metrics, per_class

RANDOM = np.random.default_rng(3)
LABELS = RANDOM.integers(0, 4, 500)
PROBABILITIES = RANDOM.dirichlet(np.ones(4), 500)
PROBABILITIES[np.arange(500), LABELS] += 1
PROBABILITIES /= PROBABILITIES.sum(axis=1, keepdims=True)


def test_values_equal_scikit_learns():
    metrics = classification_metrics(LABELS, PROBABILITIES)
    predicted = PROBABILITIES.argmax(axis=1)
    precision, recall, f1, _ = precision_recall_fscore_support(
        LABELS, predicted, average="weighted"
    )
    expected = {
        "accuracy": accuracy_score(LABELS, predicted),
        "loss": log_loss(LABELS, PROBABILITIES),
        "weighted_precision": precision,
        "weighted_recall": recall,
        "weighted_f1": f1,
    }
    assert {name: metrics[name]["value"] for name in expected} == pytest.approx(expected)
    matrix = confusion_matrix(LABELS, predicted)
    assert [list(row.values()) for row in metrics["confusion_matrix"].values()] == matrix.tolist()


def test_deviations_are_those_of_sampling():
    metrics = classification_metrics(LABELS, PROBABILITIES)
    accuracy = metrics["accuracy"]["value"]
    binomial = (accuracy * (1 - accuracy) / len(LABELS)) ** 0.5
    assert metrics["accuracy"]["standard_deviation"] == pytest.approx(binomial, rel=0.2)
    losses = -np.log(PROBABILITIES[np.arange(500), LABELS])
    expected = losses.std() / 500**0.5
    assert metrics["loss"]["standard_deviation"] == pytest.approx(expected, rel=0.2)


def test_the_same_input_gives_the_same_json():
    first, second = (classification_metrics(LABELS, PROBABILITIES) for _ in range(2))
    assert json.dumps(first, allow_nan=False) == json.dumps(second, allow_nan=False)


def test_a_class_without_images_and_a_hopeless_model_stay_finite():
    probabilities = np.tile(np.array([1.0, 0.0, 0.0], np.float32), (5, 1))
    metrics = classification_metrics(np.ones(5, int), probabilities)
    assert metrics["accuracy"] == {"value": 0.0, "standard_deviation": 0.0}
    assert metrics["loss"]["value"] == pytest.approx(-np.log(1e-7))
    assert set(metrics["confusion_matrix"]) == {"0", "1", "2"}


def test_precision_and_recall_per_class():
    precision, recall = per_class(np.array([[3, 1, 0], [0, 4, 0], [0, 0, 0]]))
    assert precision.tolist() == [1.0, 0.8, 0.0]
    assert recall.tolist() == [0.75, 1.0, 0.0]
