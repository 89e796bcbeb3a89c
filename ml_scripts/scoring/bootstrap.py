"""Every metric on RESAMPLES bootstrap samples of the test images.

Efron, Tibshirani: An Introduction to the Bootstrap, 1993: chapter 6 for standard deviations,
chapter 13 for the percentile interval.

All metrics are made of sums over the images, so an image becomes one sparse row of addends, a
resample the number of times that it holds each image, and one matrix product gives the sums of many
resamples. The seed is fixed: every model is scored on the same resamples of a test set, which is
what makes a comparison of two of them a paired one.

2,000 resamples of 10,000 images in ten classes take 0.25 s and 36 MB on one x86-64 core.
"""

from collections.abc import Iterator

import numpy as np
from scipy import sparse

from scoring import calibration
from scoring.predictions import TOP, Predictions

RESAMPLES = 2000
SEED = 20170806
DRAWS_AT_ONCE = 2_000_000  # 16 MB

PER_CLASS = ("precision", "recall", "f1")


def resampled_scores(predictions: Predictions) -> dict[str, np.ndarray]:
    """Return each metric on every resample: (RESAMPLES,), those of PER_CLASS (RESAMPLES, classes).

    Precision, recall and F1 are 0 where they have no meaning: nothing predicted, nothing there.
    """
    addends = _addends(predictions)
    table = sparse.hstack(list(addends.values())).T.tocsr()  # (columns, n)
    sums = np.concatenate([(table @ counts).T for counts in _resamples(len(predictions.labels))])
    widths = [block.shape[1] for block in addends.values()]
    columns = np.split(sums, np.cumsum(widths)[:-1], axis=1)
    return _scores(dict(zip(addends, columns, strict=True)), len(predictions.labels))


def _resamples(images: int) -> Iterator[np.ndarray]:
    """Yield how often each image was drawn, (images, some resamples), with replacement."""
    random = np.random.default_rng(SEED)
    at_once = max(1, DRAWS_AT_ONCE // images)
    for first in range(0, RESAMPLES, at_once):
        counts = np.empty((images, min(at_once, RESAMPLES - first)))
        for column in counts.T:
            column[:] = np.bincount(random.integers(images, size=images), minlength=images)
        yield counts


def _addends(predictions: Predictions) -> dict[str, sparse.csr_array]:
    """Return what each image adds to the sums, a row each, by the name of the sum."""
    classes, ones = predictions.classes, np.ones(len(predictions.labels))
    means = {"loss": predictions.losses}
    means |= {f"top_{k}_accuracy": predictions.in_top(k) for k in TOP if classes > k}
    in_bin = calibration.bin_of(predictions.confidence)
    return {
        "hits": _in_column(predictions.labels, predictions.correct, classes),
        "predicted": _in_column(predictions.predicted, ones, classes),
        "there": _in_column(predictions.labels, ones, classes),
        "gaps": _in_column(in_bin, calibration.gaps(predictions), calibration.BINS),
        **{name: sparse.csr_array(each[:, None].astype(float)) for name, each in means.items()},
    }


def _in_column(column: np.ndarray, value: np.ndarray, width: int) -> sparse.csr_array:
    """Return a matrix (n, width) with one value in each row."""
    rows = np.arange(len(column) + 1)
    return sparse.csr_array((value.astype(float), column, rows), shape=(len(column), width))


def _scores(sums: dict[str, np.ndarray], images: int) -> dict[str, np.ndarray]:
    hits, predicted, there = (sums.pop(name) for name in ("hits", "predicted", "there"))
    per_class = {
        "precision": _ratio(hits, predicted),
        "recall": _ratio(hits, there),
        "f1": _ratio(2 * hits, predicted + there),
    }
    scores = {"accuracy": hits.sum(axis=1) / images}
    scores["expected_calibration_error"] = calibration.expected_error(sums.pop("gaps"), images)
    for name, values in per_class.items():
        scores[f"weighted_{name}"] = (values * there).sum(axis=1) / images
        scores[f"macro_{name}"] = values.mean(axis=1)
    means = {name: column[:, 0] / images for name, column in sums.items()}
    return scores | means | per_class


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
