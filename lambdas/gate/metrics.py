"""Metrics as the gate takes them: finite numbers of plausible size, named as SageMaker names them.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html
"""

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from lambdas.boundary.text import shown

BLOCKS = (
    "multiclass_classification_metrics",
    "binary_classification_metrics",
    "regression_metrics",
)
# By ending: what lies in [0, 1], and of what less is better, which is never below 0.
SHARES = ("accuracy", "precision", "recall", "f0_5", "f1", "f2", "auc", "calibration_error")
LOSSES = ("loss", "mae", "mse", "rmse", "calibration_error")
# What our evaluation reports, and a rule of pipeline.toml may therefore speak of; the top-k ones
# only of more than k classes.
REPORTED = (
    "accuracy",
    "loss",
    *(f"{mean}_{score}" for mean in ("weighted", "macro") for score in ("precision", "recall")),
    "weighted_f1",
    "macro_f1",
    "top_3_accuracy",
    "top_5_accuracy",
    "expected_calibration_error",
)
LARGEST = 1e15  # beyond this something is broken, whatever the metric
NAME = r"[A-Za-z][A-Za-z0-9_.-]{0,63}"
MOST = 100  # metrics carried on in the execution's state, which is limited to 256 KiB


class MetricError(ValueError):
    """A metric, a rule on one, or the evaluation that should hold it, cannot be used."""


def metrics_block(evaluation: object) -> tuple[str, Mapping[str, Any]]:
    """Return name and content of the one block of metrics in an evaluation.

    Raises MetricError where there is none, or more than one.
    """
    if not isinstance(evaluation, Mapping):
        raise MetricError(f"evaluation.json is {shown(evaluation)}, expected an object")
    found = [name for name in BLOCKS if name in evaluation]
    if len(found) != 1:
        raise MetricError(f"evaluation.json has {found or 'none'} of {', '.join(BLOCKS)}: want one")
    block = evaluation[found[0]]
    if not isinstance(block, Mapping):
        raise MetricError(f"{found[0]} is {shown(block)}, expected an object")
    return found[0], block


def sample_count(evaluation: Mapping[str, Any]) -> int:
    """Return how many samples an evaluation is of. Raises MetricError where it is of none."""
    dataset = evaluation.get("dataset")
    if not isinstance(dataset, Mapping):
        raise MetricError(f"dataset is {shown(dataset)}, expected an object")
    count = dataset.get("test_samples")
    if type(count) is not int or not 1 <= count <= LARGEST:
        raise MetricError(f"test_samples is {shown(count)}, expected a whole number above 0")
    return count


def metric(block: Mapping[str, Any], name: str) -> float:
    """Return a metric's value, stored as ``{name: {"value": x}}``. Raises MetricError."""
    if name not in block:
        raise MetricError(f"{name} is missing from evaluation.json")
    entry = block[name]
    if not isinstance(entry, Mapping) or "value" not in entry:
        raise MetricError(f'{name} is {shown(entry)}, expected {{"value": number}}')
    return plausible(name, entry["value"])


def plausible(name: str, value: object) -> float:
    """Return ``value`` if the metric of that name can have it. Raises MetricError."""
    return number(name, value, *_range(name))


def plausible_difference(name: str, value: object) -> float:
    """Return ``value`` if two values of that metric can differ by it. Raises MetricError."""
    low, high = _range(name)
    return number(f"the difference in {name}", value, low - high, high - low)


def plausible_step(name: str, value: object) -> float:
    """Return ``value`` if two values of that metric can be that far apart. Raises MetricError."""
    low, high = _range(name)
    return number(f"a difference in {name}", value, 0, high - low)


def number(what: str, value: object, low: float, high: float) -> float:
    """Return ``value`` if it is a number in [low, high]. Raises MetricError saying ``what``."""
    if not is_number(value, low, high):
        raise MetricError(f"{what} is {shown(value)}, expected a number from {low:g} to {high:g}")
    return value


def is_number(value: object, low: float, high: float) -> TypeGuard[float]:
    """Say whether ``value`` is a number in [low, high].

    NaN, both infinities and integers of any length fail the one comparison.
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def scalars(block: Mapping[str, Any]) -> dict[str, float]:
    """Return the block's usable single-valued metrics, at most 100; others are left out."""
    found: dict[str, float] = {}
    for name in block:
        if len(found) < MOST and re.fullmatch(NAME, name):
            try:
                found[name] = metric(block, name)
            except MetricError:
                continue
    return found


def less_is_better(name: str) -> bool:
    """Say whether a smaller value of the metric of that name is the better one."""
    return name.endswith(LOSSES)


def _range(name: str) -> tuple[float, float]:
    if name.endswith(SHARES):
        return 0, 1
    return (0, LARGEST) if less_is_better(name) else (-LARGEST, LARGEST)
