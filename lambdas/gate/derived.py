"""What follows from a confusion matrix. docs/evaluation.md defines each score."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from lambdas.boundary.text import shown
from lambdas.gate.metrics import LARGEST, MetricError


@dataclass(frozen=True)
class Matrix:
    """How many images there are of each true class and predicted class; at least one in all."""

    counts: Mapping[str, Mapping[str, int]]

    @classmethod
    def of(cls, found: object, samples: int) -> "Matrix":
        """Take the matrix of ``samples`` images. Raises MetricError where it is none."""
        if not isinstance(found, Mapping) or not found:
            raise MetricError(
                f"confusion_matrix is {'empty' if found == {} else shown(found)}, "
                "expected a row for each class"
            )
        for label, row in found.items():
            if not isinstance(row, Mapping) or set(row) != set(found):
                raise MetricError(f"row {shown(label)} of confusion_matrix names other classes")
            for count in row.values():
                if type(count) is not int or not 0 <= count <= LARGEST:
                    what = f"row {shown(label)} of confusion_matrix has {shown(count)}"
                    raise MetricError(f"{what}, expected whole numbers from 0")
        matrix = cls(found)
        if matrix.samples != samples:
            total = f"confusion_matrix is of {matrix.samples} images"
            raise MetricError(f"{total}, and test_samples is {samples}")
        return matrix

    @property
    def labels(self) -> list[str]:
        """The classes."""
        return list(self.counts)

    @cached_property
    def true(self) -> dict[str, int]:
        """How many images there are of each class."""
        return {label: sum(row.values()) for label, row in self.counts.items()}

    @cached_property
    def samples(self) -> int:
        """How many images there are."""
        return sum(self.true.values())

    @cached_property
    def right(self) -> int:
        """How many images were taken for what they are."""
        return sum(self.counts[label][label] for label in self.labels)

    @cached_property
    def scores(self) -> dict[str, dict[str, float]]:
        """Precision, recall and F1 of each class; 0 where they have no meaning."""
        predicted = dict.fromkeys(self.labels, 0)
        for row in self.counts.values():
            for label, count in row.items():
                predicted[label] += count
        return {label: self._scores(label, predicted[label]) for label in self.labels}

    def _scores(self, label: str, predicted: int) -> dict[str, float]:
        hits, true = self.counts[label][label], self.true[label]
        return {
            "precision": _share(hits, predicted),
            "recall": _share(hits, true),
            "f1": _share(2 * hits, predicted + true),
        }


def derived(matrix: Matrix) -> dict[str, float]:
    """Return each metric that follows from the matrix, by its name in evaluation.json."""
    found: dict[str, float] = {"accuracy": matrix.right / matrix.samples}
    for name in ("precision", "recall", "f1"):
        scores: dict[str, float] = {c: each[name] for c, each in matrix.scores.items()}
        weighted = sum(score * matrix.true[label] for label, score in scores.items())
        found[f"macro_{name}"] = sum(scores.values()) / len(scores)
        found[f"weighted_{name}"] = weighted / matrix.samples
    return found


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
