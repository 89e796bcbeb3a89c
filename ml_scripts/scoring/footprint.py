"""What a model is and costs: its size, its weights' digest, and how long a prediction takes."""

import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fitting.tensorflow_setup import keras

SAMPLES = 100
WARM_UPS = 5  # the first calls trace, allocate and fill caches
MS = 1000


def measure(
    archive: Path,
    model: keras.Model,
    predict_one: Callable[[np.ndarray], np.ndarray],
    image: np.ndarray,
) -> dict:
    """Return the block `model` of evaluation.json.

    Args:
        archive: the model.tar.gz.
        model: the model in it.
        predict_one: from an image or row (1, ...) to probabilities (1, classes).
        image: one image or row of the test set.
    """
    return {
        "size_bytes": archive.stat().st_size,
        "weights_sha256": weights_sha256(model),
        "parameters": model.count_params(),
        "latency_ms": _latency(predict_one, np.array(image)[None]),
    }


def weights_sha256(model: keras.Model) -> str:
    """Return the digest of all weights in their order: shape, type and bytes of each.

    Their names are left out: Keras numbers them by what else a process has built.
    """
    digest = hashlib.sha256()
    for array in model.get_weights():
        digest.update(f"{array.shape} {array.dtype.str}\n".encode() + array.tobytes())
    return digest.hexdigest()


def _latency(predict_one: Callable[[np.ndarray], np.ndarray], image: np.ndarray) -> dict:
    """Return how long a prediction for one image takes, in milliseconds."""
    seconds = [_seconds(predict_one, image) for _ in range(WARM_UPS + SAMPLES)][WARM_UPS:]
    median, p95 = np.quantile(seconds, [0.5, 0.95]) * MS
    return {"median": float(median), "p95": float(p95), "batch": 1, "samples": SAMPLES}


def _seconds(predict_one: Callable[[np.ndarray], np.ndarray], image: np.ndarray) -> float:
    started = time.perf_counter()
    predict_one(image)
    return time.perf_counter() - started
