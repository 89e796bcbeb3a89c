"""Metrics of a classifier in SageMaker's model-quality format, with bootstrap deviations.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html
"""

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

RESAMPLES = 200
SMALLEST_PROBABILITY = 1e-7  # as in Keras's cross-entropy: a confident mistake stays finite


def classification_metrics(labels: np.ndarray, probabilities: np.ndarray, seed: int = 0) -> dict:
    """Return the value of `multiclass_classification_metrics`.

    Standard deviations are those of the metric over RESAMPLES bootstrap samples of the images.

    Args:
        labels: (n,) integers 0..classes-1.
        probabilities: (n, classes), finite.
        seed: of the resampling.
    """
    random = np.random.default_rng(seed)
    classes = probabilities.shape[1]
    matrix = confusion_matrix(labels, probabilities.argmax(axis=1), labels=range(classes))
    losses = _cross_entropy(labels, probabilities)
    scores = _scores(matrix)
    resampled = [_scores(_resample(matrix, random)) for _ in range(RESAMPLES)]
    metrics: dict = {
        name: _with_deviation(value, [sample[name] for sample in resampled])
        for name, value in scores.items()
    }
    means = [losses[random.integers(len(losses), size=len(losses))].mean() for _ in resampled]
    metrics["loss"] = _with_deviation(losses.mean(), means)
    metrics["confusion_matrix"] = {
        str(true): {str(predicted): int(count) for predicted, count in enumerate(row)}
        for true, row in enumerate(matrix)
    }
    return metrics


def per_class(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the precision and recall of each class of a confusion matrix[true, predicted].

    Both are 0 where they have no meaning: nothing predicted, nothing there.
    """
    hits = np.diag(matrix).astype(float)
    predicted, there = matrix.sum(axis=0), matrix.sum(axis=1)
    precision = np.divide(hits, predicted, out=np.zeros_like(hits), where=predicted > 0)
    recall = np.divide(hits, there, out=np.zeros_like(hits), where=there > 0)
    return precision, recall


def _cross_entropy(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Return the loss of each image, (n,)."""
    of_truth = probabilities[np.arange(len(labels)), labels].astype(np.float64)
    return -np.log(np.clip(of_truth, SMALLEST_PROBABILITY, 1))


def _scores(matrix: np.ndarray) -> dict[str, float]:
    """Score a confusion matrix: each cell stands for as many images as it counts."""
    labels, predicted = (axis.ravel() for axis in np.indices(matrix.shape))
    counts = matrix.ravel()
    precision, recall, f1, _ = precision_recall_fscore_support(
        labels, predicted, sample_weight=counts, average="weighted", zero_division=0
    )
    return {
        "accuracy": accuracy_score(labels, predicted, sample_weight=counts),
        "weighted_precision": precision,
        "weighted_recall": recall,
        "weighted_f1": f1,
    }


def _resample(matrix: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Draw as many images again, with replacement: a confusion matrix of the same total."""
    total = matrix.sum()
    return random.multinomial(total, matrix.ravel() / total).reshape(matrix.shape)


def _with_deviation(value: float, samples: list[float]) -> dict[str, float]:
    return {"value": float(value), "standard_deviation": float(np.std(samples, ddof=1))}
