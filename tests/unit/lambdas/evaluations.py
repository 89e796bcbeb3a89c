"""evaluation.json as the evaluation writes it, small and by hand."""

import math
from typing import Any

BLOCK = "multiclass_classification_metrics"
CHAMPION = "arn:aws:sagemaker:us-east-1:123456789012:model-package/fashion-mnist/1"
SIZES = (6000, 2000, 2000)  # images of each class
SAMPLES = sum(SIZES)
RIGHT = 1600  # of the last class


def evaluation(accuracy: object = 0.91, loss: object = 0.25, **more: Any) -> dict[str, Any]:
    """An evaluation without a champion; `more` replaces whole tables.

    At an accuracy of 0.91 the recalls of the three classes are 0.95, 0.9 and 0.8.
    """
    known = isinstance(accuracy, float) and 0 <= accuracy <= 1
    matrix = confusion_matrix(accuracy if known else 0.91)  # type: ignore[arg-type]
    return {
        BLOCK: {
            "accuracy": {"value": accuracy, "standard_deviation": deviation(accuracy)},
            "loss": {"value": loss, "standard_deviation": 0.01},
            "confusion_matrix": matrix,
        },
        "per_class": per_class(matrix),
        "dataset": {"test_samples": SAMPLES},
        "model": {
            "sha256": "a" * 64,
            "size_bytes": 2_500_000,
            "latency_ms": {"median": 12.5, "p95": 30.0},
        },
        "champion": None,
        **more,
    }


def confusion_matrix(accuracy: float) -> dict[str, dict[str, int]]:
    """A matrix of three classes with that accuracy, up to one image of 10,000."""
    right = round(accuracy * SAMPLES)
    last = max(min(RIGHT, right), right - SIZES[0] - SIZES[1])
    second = max(min(round((right - last) * 0.24), SIZES[1]), right - last - SIZES[0])
    hits = (right - last - second, second, last)
    missed = [size - hit for size, hit in zip(SIZES, hits, strict=True)]
    return {
        "0": {"0": hits[0], "1": missed[0] // 2, "2": missed[0] - missed[0] // 2},
        "1": {"0": missed[1], "1": hits[1], "2": 0},
        "2": {"0": missed[2], "1": 0, "2": hits[2]},
    }


def per_class(matrix: dict[str, dict[str, int]]) -> dict[str, Any]:
    """The scores of the classes of a matrix."""
    found = {}
    for label, row in matrix.items():
        said = sum(other[label] for other in matrix.values())
        found[label] = {
            "recall": {"value": row[label] / sum(row.values()) if any(row.values()) else 0},
            "precision": {"value": row[label] / said if said else 0},
            "samples": sum(row.values()),
        }
    return found


def deviation(accuracy: object) -> float:
    """The deviation of an accuracy on 10,000 images."""
    known = isinstance(accuracy, float) and 0 <= accuracy <= 1
    return math.sqrt(accuracy * (1 - accuracy) / SAMPLES) if known else 0.003  # type: ignore[operator]


def scores(recall: object = 0.9, precision: object = 0.85) -> dict[str, Any]:
    """The scores of one class."""
    return {"recall": {"value": recall}, "precision": {"value": precision}, "samples": 100}


def against(
    accuracy: float = 0.9,
    interval: tuple[float, float] = (0.001, 0.019),
    new: float = 0.91,
    loss: float = 0.25,
    **more: Any,
) -> dict[str, Any]:
    """A champion with that accuracy, and the interval of the new model's gain over it.

    Its loss is 0.3, and the interval of the difference in it is 0.02 wide.
    """
    low, high = interval
    champion = {
        "model_package_arn": CHAMPION,
        BLOCK: {"accuracy": {"value": accuracy}, "loss": {"value": 0.3}},
        "comparison": {
            "level": 0.95,
            "metrics": {
                "accuracy": {"difference": new - accuracy, "low": low, "high": high},
                "loss": {
                    "difference": round(loss - 0.3, 12),
                    "low": round(loss - 0.31, 12),
                    "high": round(loss - 0.29, 12),
                },
            },
        },
    }
    return {"champion": champion | more}
