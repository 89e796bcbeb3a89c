"""Whether a model's probabilities are those of being right.

The images are sorted by the probability of their predicted class into bins of equal width; in a
calibrated model the share of right predictions in a bin is its mean probability.
Guo, Pleiss, Sun, Weinberger: On Calibration of Modern Neural Networks, 2017,
https://arxiv.org/abs/1706.04599
"""

import numpy as np

from scoring.predictions import Predictions

BINS = 15
EDGES = np.linspace(0, 1, BINS + 1)


def bin_of(confidence: np.ndarray) -> np.ndarray:
    """Return the bin of each image, (n,) within 0..BINS-1: EDGES[bin] < confidence <= the next."""
    return np.searchsorted(EDGES[1:-1], confidence, side="left")


def gaps(predictions: Predictions) -> np.ndarray:
    """Return what each image adds to its bin's gap, (n,): right or not, less the confidence."""
    return predictions.correct - predictions.confidence


def expected_error(gap_sums: np.ndarray, images: int) -> np.ndarray:
    """Return the expected calibration error.

    It is the mean over the images of |accuracy - confidence| of their bin.

    Args:
        gap_sums: (..., BINS), of each bin.
        images: in all bins together.
    """
    return np.abs(gap_sums).sum(axis=-1) / images


def bins(predictions: Predictions) -> list[dict]:
    """Return one entry a bin for evaluation.json; means are None where a bin is empty."""
    number = bin_of(predictions.confidence)
    counts = np.bincount(number, minlength=BINS)
    confidences = np.bincount(number, predictions.confidence, minlength=BINS)
    hits = np.bincount(number, predictions.correct, minlength=BINS)
    return [
        {
            "low": float(low),
            "high": float(high),
            "count": int(count),
            "confidence": float(confidence / count) if count else None,
            "accuracy": float(hit / count) if count else None,
        }
        for low, high, count, confidence, hit in zip(
            EDGES[:-1], EDGES[1:], counts, confidences, hits, strict=True
        )
    ]
