"""What evaluation.json says, as far as a rule needs it. Nothing in it is taken on trust."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.boundary.text import SHA256, one_line, shown
from lambdas.gate.comparison import check_champion, difference_of
from lambdas.gate.consistency import check_scores
from lambdas.gate.metrics import (
    LARGEST,
    MetricError,
    less_is_better,
    metric,
    metrics_block,
    number,
    sample_count,
)

BYTES_OF_A_MB = 1e6


class UnscorableError(MetricError):
    """The champion could not be scored on this test set: the evaluation says why."""


@dataclass(frozen=True)
class Gain:
    """By how much the challenger is better than the champion in one metric.

    ``value`` has the interval [``low``, ``high``]; all three are turned so that more is better.
    """

    challenger: float
    champion: float
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Evidence:
    """An evaluation with exactly one block of metrics, scored on at least one sample."""

    evaluation: Mapping[str, Any]
    block_name: str
    block: Mapping[str, Any]
    samples: int

    @classmethod
    def of(cls, evaluation: object) -> "Evidence":
        """Take what evaluation.json holds. Raises MetricError where it cannot be judged."""
        block_name, block = metrics_block(evaluation)
        assert isinstance(evaluation, Mapping)
        return cls(evaluation, block_name, block, sample_count(evaluation))

    def check(self) -> None:
        """Hold the figures against each other. Raises MetricError where they contradict."""
        matrix = check_scores(self.evaluation, self.block_name, self.samples)
        check_champion(self.evaluation, self.block_name, self.samples, matrix)

    def metric(self, name: str) -> float:
        """Return a metric of the new model. Raises MetricError."""
        return metric(self.block, name)

    def classes(self) -> list[str]:
        """Return the labels of all classes. Raises MetricError.

        The confusion matrix says which there are, so that no class goes unjudged because it is
        missing where its scores should stand.
        """
        matrix = _object(self.block, "confusion_matrix")
        if not matrix:
            raise MetricError("confusion_matrix is empty, expected a row for each class")
        return list(matrix)

    def class_metric(self, label: str, name: str) -> float:
        """Return the precision or recall of one class. Raises MetricError."""
        scores = _object(_object(self.evaluation, "per_class"), label, "per_class")
        try:
            return metric(scores, name)
        except MetricError as error:
            raise MetricError(f"class {label}: {error}") from None

    def latency_ms(self) -> float:
        """Return the median time of a prediction for one image. Raises MetricError."""
        latency = _object(_object(self.evaluation, "model"), "latency_ms", "model")
        return number("model.latency_ms.median", latency.get("median"), 0, LARGEST)

    def model_size_mb(self) -> float:
        """Return the size of model.tar.gz in millions of bytes. Raises MetricError."""
        size = _object(self.evaluation, "model").get("size_bytes")
        return number("model.size_bytes", size, 1, LARGEST) / BYTES_OF_A_MB

    def model_sha256(self) -> str | None:
        """Return the digest of the model that was scored; None where none is told."""
        model = self.evaluation.get("model")
        digest = model.get("sha256") if isinstance(model, Mapping) else None
        known = isinstance(digest, str) and re.fullmatch(SHA256, digest)
        return digest if known else None

    def is_that_of(self, champion: Mapping[str, Any]) -> bool:
        """Tell whether the model is a scored champion's own, by their digests."""
        digest, model = self.model_sha256(), champion.get("model")
        return digest is not None and isinstance(model, Mapping) and model.get("sha256") == digest

    def champion(self, arn: str | None) -> Mapping[str, Any] | None:
        """Return what was found of the run's champion; None if the run has none.

        Raises UnscorableError where it could not be scored, and MetricError where the evaluation
        speaks of another champion than the run, of none, or of one without its metrics.
        """
        champion = self.evaluation.get("champion")
        if champion is None and arn is None:
            return None
        if not isinstance(champion, Mapping):
            raise MetricError(f"evaluation.json says {shown(champion)} of it")
        scored = champion.get("model_package_arn")
        if scored != arn or not scored:
            raise MetricError(f"evaluation.json scored {shown(scored)} in its place")
        if "error" in champion:
            raise UnscorableError(one_line(str(champion["error"]), 300))
        _object(champion, self.block_name, "champion")
        return champion

    def gain(self, champion: Mapping[str, Any], name: str, level: float) -> Gain:
        """Return the lead over a scored champion, with its interval at the confidence ``level``.

        Raises MetricError where a part is missing or at another level.
        """
        new = self.metric(name)
        old = metric(_object(champion, self.block_name, "champion"), name)
        comparison = _object(champion, "comparison", "champion")
        _check_level(comparison.get("level"), level)
        found = _object(_object(comparison, "metrics", "comparison"), name, "comparison")
        difference, low, high = difference_of(name, found, new, old)
        if less_is_better(name):
            # From 0, because a minus sign of its own would make -0.0 of it.
            difference, low, high = 0 - difference, 0 - high, 0 - low
        return Gain(new, old, difference, low, high)


def _object(holder: Mapping[str, Any], name: str, where: str = "evaluation.json") -> Any:
    found = holder.get(name)
    if not isinstance(found, Mapping):
        raise MetricError(f"{name} of {where} is {shown(found)}, expected an object")
    return found


def _check_level(found: object, level: float) -> None:
    if not math.isclose(number("the level of the intervals", found, 0, 1), level):
        raise MetricError(f"the level of the intervals is {found}, pipeline.toml says {level}")
