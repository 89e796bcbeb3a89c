"""Metrics of a classifier in SageMaker's model-quality format, with bootstrap deviations.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html
docs/evaluation.md defines each. scikit-learn gives the values; bootstrap.py says how they vary.
"""

from dataclasses import dataclass
from typing import SupportsFloat

import numpy as np

from job.absent import absent
from scoring import bootstrap, calibration
from scoring.bootstrap import PER_CLASS
from scoring.predictions import TOP, Predictions

with absent("pandas"):  # nothing here is a table
    from sklearn.metrics import (
        accuracy_score,
        confusion_matrix,
        log_loss,
        precision_recall_fscore_support,
        top_k_accuracy_score,
    )

METRICS = "multiclass_classification_metrics"  # SageMaker's name of the block


@dataclass(frozen=True)
class Scores:
    """A model's metrics on the test images, and on each resample of them.

    values: by name, one number or, those of PER_CLASS, (classes,).
    resampled: of the same names, with an axis for the resamples before.
    """

    predictions: Predictions
    values: dict[str, float | np.ndarray]
    resampled: dict[str, np.ndarray]

    @property
    def scalars(self) -> list[str]:
        """The names of the metrics that are one number."""
        return [name for name in self.values if name not in PER_CLASS]


def score(predictions: Predictions) -> Scores:
    """Compute every metric of a model's predictions, once and on every resample."""
    return Scores(predictions, _values(predictions), bootstrap.resampled_scores(predictions))


def as_json(scores: Scores) -> dict:
    """Return the blocks of evaluation.json that tell of predictions alone."""
    deviations = {name: each.std(axis=0, ddof=1) for name, each in scores.resampled.items()}
    metrics: dict = {name: _entry(scores.values[name], deviations[name]) for name in scores.scalars}
    matrix = _confusion_matrix(scores.predictions)
    metrics["confusion_matrix"] = {
        str(true): {str(predicted): int(count) for predicted, count in enumerate(row)}
        for true, row in enumerate(matrix)
    }
    of_classes = {name: np.asarray(scores.values[name]) for name in PER_CLASS}
    per_class: dict = {}
    for number, samples in enumerate(matrix.sum(axis=1)):
        of_class = {
            name: _entry(values[number], deviations[name][number])
            for name, values in of_classes.items()
        }
        per_class[str(number)] = {**of_class, "samples": int(samples)}
    bins = calibration.bins(scores.predictions)
    return {METRICS: metrics, "per_class": per_class, "calibration": {"bins": bins}}


def _values(predictions: Predictions) -> dict[str, float | np.ndarray]:
    labels, probabilities = predictions.labels, predictions.probabilities
    known = range(predictions.classes)
    values = {
        "accuracy": accuracy_score(labels, predictions.predicted),
        "loss": log_loss(labels, probabilities, labels=known),
        "expected_calibration_error": _calibration_error(predictions),
    }
    for average in ("weighted", "macro", None):
        found = precision_recall_fscore_support(
            labels, predictions.predicted, labels=known, average=average, zero_division=0
        )
        prefix = f"{average}_" if average else ""
        values |= {f"{prefix}{name}": each for name, each in zip(PER_CLASS, found, strict=False)}
    for k in TOP:
        if predictions.classes > k:
            top = top_k_accuracy_score(labels, probabilities, k=k, labels=known)
            values[f"top_{k}_accuracy"] = top
    return values


def _calibration_error(predictions: Predictions) -> float:
    bins = calibration.bin_of(predictions.confidence)
    sums = np.bincount(bins, calibration.gaps(predictions), minlength=calibration.BINS)
    return float(calibration.expected_error(sums, len(predictions.labels)))


def _confusion_matrix(predictions: Predictions) -> np.ndarray:
    """Return how many images there are of each [true class, predicted class]."""
    known = range(predictions.classes)
    return confusion_matrix(predictions.labels, predictions.predicted, labels=known)


def _entry(value: SupportsFloat, deviation: SupportsFloat) -> dict[str, float]:
    return {"value": float(value), "standard_deviation": float(deviation)}
