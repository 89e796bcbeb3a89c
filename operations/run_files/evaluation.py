"""evaluation.json, what the evaluation has measured."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambdas.boundary.text import printable
from lambdas.gate.metrics import MetricError, metrics_block, scalars
from operations.run_files.fields import Fields

METRICS = "multiclass_classification_metrics"
MOST_CLASSES = 200  # of a confusion matrix that can be drawn


@dataclass(frozen=True)
class Score:
    """A metric with its standard deviation."""

    value: float
    standard_deviation: float


@dataclass(frozen=True)
class Confusion:
    """How many images of each class, a row, were taken for which class, a column."""

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Footprint:
    """What the model takes: `parameters` in number, `latency_ms` the median."""

    parameters: int | None = None
    size_bytes: int | None = None
    latency_ms: float | None = None
    weights_sha256: str | None = None


@dataclass(frozen=True)
class Evaluation:
    """`metrics` are those that are one number, `scores` those that tell their deviation as well.

    `classes` are those that have scores of their own; `labels_sha256` says on which test images.
    """

    metrics: dict[str, float] = field(default_factory=dict)
    scores: dict[str, Score] = field(default_factory=dict)
    classes: frozenset[str] = frozenset()
    labels_sha256: str | None = None
    model: Footprint = Footprint()
    confusion: Confusion | None = None


def read(content: object, problems: list[str], name: str = "evaluation.json") -> Evaluation:
    """Read an evaluation; `problems` takes a line for each member that cannot be read."""
    found = Fields(content, name, problems)
    metrics = _metrics(content, problems)
    block = found.inner(METRICS)
    return Evaluation(
        metrics=metrics,
        scores=_scores(block, metrics),
        classes=frozenset(map(printable, found.inner("per_class").names())),
        labels_sha256=found.inner("dataset").text("labels_sha256"),
        model=_footprint(found.inner("model")),
        confusion=_confusion(block.inner("confusion_matrix")),
    )


def _metrics(content: object, problems: list[str]) -> dict[str, float]:
    try:
        return scalars(metrics_block(content)[1])
    except MetricError as error:
        problems.append(str(error))
        return {}


def _scores(block: Fields, metrics: Mapping[str, Any]) -> dict[str, Score]:
    deviations = {name: block.inner(name).number("standard_deviation") for name in metrics}
    return {
        name: Score(metrics[name], deviation)
        for name, deviation in deviations.items()
        if deviation is not None
    }


def _footprint(found: Fields) -> Footprint:
    return Footprint(
        parameters=found.count("parameters"),
        size_bytes=found.count("size_bytes"),
        latency_ms=found.inner("latency_ms").number("median"),
        weights_sha256=found.text("weights_sha256"),
    )


def _confusion(rows: Fields) -> Confusion | None:
    """The matrix, if it has a count for each class taken for each; classes in their order."""
    classes = sorted(rows.names(), key=_in_order)
    if not 0 < len(classes) <= MOST_CLASSES:
        return None
    counts = []
    for true in classes:
        row = rows.inner(true)
        found = [row.count(taken) for taken in classes]
        counts.append(tuple(count for count in found if count is not None))
    if any(len(row) != len(classes) for row in counts):
        return None
    return Confusion(tuple(map(printable, classes)), tuple(counts))


def _in_order(name: str) -> tuple[bool, int, str]:
    """Numbers by their value, before names."""
    digits = name.isdecimal()
    return (not digits, len(name) if digits else 0, name)
