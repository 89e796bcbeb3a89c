"""Whether the figures of an evaluation agree with each other; one that contradicts itself is none.

The confusion matrix says how many images there are of each class and which were right, so every
score of classes follows from it: docs/evaluation.md defines each. What does not follow from other
figures, the loss for one, is held to its range alone. Anybody who can write the file can make its
figures agree: this finds mistakes, not lies.
"""

import math
from collections.abc import Mapping
from typing import Any

from lambdas.boundary.text import shown
from lambdas.gate.derived import Matrix, derived
from lambdas.gate.metrics import LARGEST, SHARES, MetricError, metric, number

CLASSIFICATION = ("multiclass_classification_metrics", "binary_classification_metrics")
ROUNDING = 1e-6  # how far a figure may be from what it follows from: files round
CLASS_SCORES = ("precision", "recall", "f1")
TOP = {"top_3_accuracy": 3, "top_5_accuracy": 5}
# Shares of the images that something is true of: how they vary over resamples is known.
OF_IMAGES = ("accuracy", "weighted_recall", *TOP)
MOST_OF_A_SHARE = 0.501  # a share varies by at most 0.5; 0.001 for the error of 2,000 resamples
DEVIATION = 0.2  # 2,000 resamples tell a deviation to 2 %


def check_scores(scores: Mapping[str, Any], block_name: str, samples: int) -> Matrix | None:
    """Hold a model's figures against each other, and return its confusion matrix.

    ``scores`` holds the block of that name, and beside it ``per_class``, ``calibration`` and
    ``model``. There is no matrix of a regression, and no other figure of classes. Raises
    MetricError naming the first figure that contradicts another, or a matrix or ``per_class`` that
    is missing.
    """
    block = scores[block_name]
    matrix = None
    if block_name in CLASSIFICATION:
        matrix = Matrix.of(block.get("confusion_matrix"), samples)
        _check_per_class(scores.get("per_class"), matrix)
        _check_block(block, matrix)
        _check_top(block, matrix)
        _check_calibration(scores.get("calibration"), block, matrix)
    else:
        _check_no_classes(scores, block_name)
    _check_deviations(block, samples)
    _check_latency(scores.get("model"))
    return matrix


def agree(what: str, found: float, expected: float, why: str, within: float = ROUNDING) -> None:
    """Raise MetricError if a figure is not what it follows from, up to rounding."""
    if not abs(found - expected) <= within * max(1, abs(expected)):
        raise MetricError(f"{what} is {found:.12g}, and {expected:.12g} by {why}")


def whole(what: str, value: object, least: int = 0) -> int:
    """Return a whole number of at least ``least``. Raises MetricError."""
    if type(value) is not int or not least <= value <= LARGEST:
        raise MetricError(f"{what} is {shown(value)}, expected a whole number from {least}")
    return value


def _check_no_classes(scores: Mapping[str, Any], block_name: str) -> None:
    """Figures of classes that no matrix is asked for would be held against nothing."""
    found = [name for name in ("per_class", "calibration") if scores.get(name) is not None]
    found += [name for name in scores[block_name] if name.endswith(("confusion_matrix", *SHARES))]
    for name in found:
        raise MetricError(f"{name} is a figure of classes, expected none beside {block_name}")


def _check_per_class(per_class: object, matrix: Matrix) -> None:
    if not isinstance(per_class, Mapping) or set(per_class) != set(matrix.labels):
        found = f"names {len(per_class)}" if isinstance(per_class, Mapping) else "is no object of"
        raise MetricError(f"per_class {found} classes, expected those of confusion_matrix")
    for label, expected_scores in matrix.scores.items():
        found = per_class[label]
        if not isinstance(found, Mapping):
            raise MetricError(f"per_class of {label} is {shown(found)}, expected an object")
        for name in CLASS_SCORES:
            if name in found or name != "f1":
                what = f"{name} of class {label}"
                agree(what, metric(found, name), expected_scores[name], "confusion_matrix")
                _check_deviation(name, found[name])
        if "samples" in found:
            counted = whole(f"samples of class {label}", found["samples"])
            agree(f"samples of class {label}", counted, matrix.true[label], "confusion_matrix", 0)


def _check_block(block: Mapping[str, Any], matrix: Matrix) -> None:
    for name, expected in derived(matrix).items():
        if name in block:
            agree(name, metric(block, name), expected, "confusion_matrix")


def _check_top(block: Mapping[str, Any], matrix: Matrix) -> None:
    """A share of the images is a whole number of them; among more classes are more of the true."""
    least = matrix.right / matrix.samples
    for name, classes in TOP.items():
        if name not in block:
            continue
        value = metric(block, name)
        if classes >= len(matrix.labels):
            raise MetricError(f"{name} is of more classes than the {len(matrix.labels)} there are")
        if value < least - ROUNDING:
            raise MetricError(
                f"{name} is {value:.12g}, below what fewer guesses reach: {least:.12g}"
            )
        agree(name, value, round(value * matrix.samples) / matrix.samples, "a number of images")
        least = value


def _check_calibration(calibration: object, block: Mapping[str, Any], matrix: Matrix) -> None:
    if calibration is None:
        return
    bins = calibration.get("bins") if isinstance(calibration, Mapping) else None
    if not isinstance(bins, list) or not all(isinstance(each, Mapping) for each in bins):
        raise MetricError(f"calibration is {shown(calibration)}, expected an object of bins")
    filled = [each for position, each in enumerate(bins) if _bin_count(position, each)]
    count = sum(each["count"] for each in filled)
    agree("the images in all bins of calibration", count, matrix.samples, "test_samples", 0)
    right = sum(each["count"] * each["accuracy"] for each in filled)
    agree("the right ones in all bins of calibration", right, matrix.right, "confusion_matrix")
    if "expected_calibration_error" in block:
        gaps = sum(each["count"] * abs(each["accuracy"] - each["confidence"]) for each in filled)
        found = metric(block, "expected_calibration_error")
        agree("expected_calibration_error", found, gaps / matrix.samples, "the bins of calibration")


def _bin_count(position: int, found: Mapping[str, Any]) -> int:
    """Return how many images are in a bin, after it was held against its own bounds."""
    what = f"bin {position} of calibration"
    low, high = (number(f"{key} of {what}", found.get(key), 0, 1) for key in ("low", "high"))
    if low >= high:
        raise MetricError(f"{what} goes from {low} to {high}")
    count = whole(f"count of {what}", found.get("count"))
    if count:
        confidence = number(f"confidence of {what}", found.get("confidence"), 0, 1)
        if not low - ROUNDING <= confidence <= high + ROUNDING:
            raise MetricError(f"confidence of {what} is {confidence}, not from {low} to {high}")
        share = number(f"accuracy of {what}", found.get("accuracy"), 0, 1)
        agree(f"accuracy of {what}", share, round(share * count) / count, "a number of images")
    return count


def _check_deviations(block: Mapping[str, Any], samples: int) -> None:
    """Hold each metric to its range, whether a rule speaks of it or not, and its deviation too."""
    for name, entry in block.items():
        if not isinstance(entry, Mapping) or name == "confusion_matrix":
            continue
        deviation = _check_deviation(name, entry)
        share = metric(block, name) if "value" in entry else None
        if share is not None and name in OF_IMAGES and "standard_deviation" in entry:
            expected = math.sqrt(share * (1 - share) / samples)
            why = f"{share:.6g} of {samples} images"
            within = DEVIATION * expected + ROUNDING
            agree(f"the deviation of {name}", deviation, expected, why, within)


def _check_deviation(name: str, entry: Mapping[str, Any]) -> float:
    """Return a deviation, of a share at most that of as many zeros as ones; 0 if there is none."""
    most = MOST_OF_A_SHARE if name.endswith(SHARES) else LARGEST
    return number(f"the deviation of {name}", entry.get("standard_deviation", 0), 0, most)


def _check_latency(model: object) -> None:
    latency = model.get("latency_ms") if isinstance(model, Mapping) else None
    if not isinstance(latency, Mapping):
        return
    found = {
        key: number(f"model.latency_ms.{key}", latency[key], 0, LARGEST)
        for key in ("median", "p95")
        if key in latency
    }
    if found.get("median", 0) > found.get("p95", LARGEST):
        median, p95 = found["median"], found["p95"]
        raise MetricError(f"model.latency_ms.median is {median}, above p95, {p95}")
