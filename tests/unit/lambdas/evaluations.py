"""evaluation.json as the evaluation writes it, small and by hand."""

from typing import Any

BLOCK = "multiclass_classification_metrics"
CHAMPION = "arn:aws:sagemaker:us-east-1:123456789012:model-package/fashion-mnist/1"
RECALLS = {"0": 0.95, "1": 0.9, "2": 0.8}


def evaluation(accuracy: object = 0.91, loss: object = 0.25, **more: Any) -> dict[str, Any]:
    """An evaluation without a champion; `more` replaces whole tables."""
    return {
        BLOCK: {
            "accuracy": {"value": accuracy, "standard_deviation": 0.003},
            "loss": {"value": loss, "standard_deviation": 0.01},
            "confusion_matrix": {label: {} for label in RECALLS},
        },
        "per_class": {label: scores(recall=value) for label, value in RECALLS.items()},
        "dataset": {"test_samples": 10_000},
        "model": {"size_bytes": 2_500_000, "latency_ms": {"median": 12.5, "p95": 30.0}},
        "champion": None,
        **more,
    }


def scores(recall: object = 0.9, precision: object = 0.85) -> dict[str, Any]:
    """The scores of one class."""
    return {"recall": {"value": recall}, "precision": {"value": precision}, "samples": 100}


def against(
    accuracy: float = 0.9,
    interval: tuple[float, float] = (0.001, 0.019),
    new: float = 0.91,
    **more: Any,
) -> dict[str, Any]:
    """A champion with that accuracy, and the interval of the new model's gain over it.

    Its loss is 0.3, and the new model's between 0.06 and 0.04 lower, at a difference of -0.05.
    """
    low, high = interval
    champion = {
        "model_package_arn": CHAMPION,
        BLOCK: {"accuracy": {"value": accuracy}, "loss": {"value": 0.3}},
        "comparison": {
            "level": 0.95,
            "metrics": {
                "accuracy": {"difference": new - accuracy, "low": low, "high": high},
                "loss": {"difference": -0.05, "low": -0.06, "high": -0.04},
            },
        },
    }
    return {"champion": champion | more}
