"""The rules of the gate, each with how it is judged.

A rule never raises: one that needs what cannot be read does not hold.
"""

import operator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.gate.evidence import Evidence, Gain
from lambdas.gate.metrics import MetricError
from lambdas.gate.verdicts import KEEP_CHAMPION, REJECT, Verdict, readable

OPERATORS = {">=": operator.ge, "<=": operator.le}
OPPOSITE = {">=": "<", "<=": ">"}
WANTED = {">=": "required", "<=": "allowed"}
LATENCY, MODEL_SIZE = "latency_ms", "model_size_mb"
MOST_NAMED = 5  # classes in one line


@dataclass(frozen=True)
class Threshold:
    """``metric`` must be ``op`` (">=" or "<=") ``value``."""

    metric: str
    op: str
    value: float

    def judge(self, found: Evidence) -> Verdict:
        """Hold the metric against the bound, itself included."""
        rule = f"{self.metric} {self.op} {self.value}"
        try:
            value = found.metric(self.metric)
        except MetricError as error:
            return _unreadable(rule, self.metric, self.value, error)
        held, said = _compared(self.metric, value, self.op, self.value)
        return Verdict(rule, self.metric, value, self.value, held, said)


@dataclass(frozen=True)
class Limit:
    """``metric``, "latency_ms" or "model_size_mb", must be at most ``value``."""

    metric: str
    value: float

    def judge(self, found: Evidence) -> Verdict:
        """Hold the model's latency or size against the limit, itself included."""
        rule = f"{self.metric} <= {self.value}"
        try:
            value = found.latency_ms() if self.metric == LATENCY else found.model_size_mb()
        except MetricError as error:
            return _unreadable(rule, self.metric, self.value, error)
        held, said = _compared(self.metric, value, "<=", self.value)
        return Verdict(rule, self.metric, value, self.value, held, said)


@dataclass(frozen=True)
class Floor:
    """``metric``, "precision" or "recall", must be at least ``value``: for each class, or for one.

    ``label`` is the one class, or None for each that is not among the ``excepted``.
    """

    metric: str
    value: float
    label: str | None = None
    excepted: tuple[str, ...] = ()

    def judge(self, found: Evidence) -> Verdict:
        """Hold the weakest class against the floor, and name all that are below it."""
        rule = f"{self.metric} of {self._whom()} >= {self.value}"
        try:
            scores = {c: found.class_metric(c, self.metric) for c in self._classes(found)}
        except MetricError as error:
            return _unreadable(rule, self.metric, self.value, error)
        if not scores:
            said = f"{self.metric}: every class has a floor of its own"
            return Verdict(rule, self.metric, None, self.value, True, said)
        weakest, *others = sorted(scores, key=lambda label: scores[label])
        more = _listed([label for label in others if scores[label] < self.value])
        value = scores[weakest]
        held, said = _compared(f"{self.metric} of class {weakest}", value, ">=", self.value)
        return Verdict(rule, self.metric, value, self.value, held, said + more)

    def _whom(self) -> str:
        if self.label is not None:
            return f"class {self.label}"
        return f"each class but {', '.join(self.excepted)}" if self.excepted else "each class"

    def _classes(self, found: Evidence) -> list[str]:
        classes = found.classes()
        if self.label is None:
            return [label for label in classes if label not in self.excepted]
        if self.label not in classes:
            raise MetricError(f"class {self.label} is none of the {len(classes)} classes")
        return [self.label]


@dataclass(frozen=True)
class ChampionRule:
    """How the new model must do against the champion on the same test images.

    Both kinds are judged on the confidence interval of the gain, so that noise neither promotes nor
    blocks. A model that does not hold a rule leaves the champion in its place.

    - an improvement of ``value`` is asked for (``improvement``): the whole interval must lie at or
      above it;
    - otherwise a regression of ``value`` is allowed: the rule is broken only if the whole interval
      lies beyond it.
    """

    metric: str
    value: float
    improvement: bool

    @property
    def name(self) -> str:
        """The rule as people read it."""
        if self.improvement:
            return f"{self.metric} at least {self.value} better than the champion's"
        return f"{self.metric} at most {self.value} worse than the champion's"

    def judge(self, found: Evidence, champion: Mapping[str, Any], level: float) -> Verdict:
        """Hold the gain over the champion, at a confidence of ``level``, against the bound."""
        try:
            gain = found.gain(champion, self.metric, level)
        except MetricError as error:
            said = f"not to be compared with the champion: {error}; not replaced unmeasured"
            return Verdict(self.name, self.metric, None, self._bound, False, said, KEEP_CHAMPION)
        held = gain.low >= self._bound if self.improvement else gain.high >= self._bound
        return Verdict(
            self.name,
            self.metric,
            gain.value,
            self._bound,
            held,
            self._said(gain, held),
            KEEP_CHAMPION,
            gain.low,
            gain.high,
        )

    def without_champion(self, found: Evidence) -> Verdict:
        """Return the verdict where there is no champion: none, if the metric is there at all."""
        try:
            found.metric(self.metric)
        except MetricError as error:
            return _unreadable(self.name, self.metric, self._bound, error)
        return self.not_judged("no champion yet")

    def not_judged(self, why: str) -> Verdict:
        """Return that the rule says nothing, and why."""
        return Verdict(self.name, self.metric, None, self._bound, None, why, KEEP_CHAMPION)

    @property
    def _bound(self) -> float:
        return self.value if self.improvement else 0 - self.value

    def _said(self, gain: Gain, held: bool) -> str:
        new, old, _ = readable(gain.challenger, gain.champion, bound=0)
        value, low, high, _ = readable(gain.value, gain.low, gain.high, bound=self._bound)
        against = f"{self.metric} {new} against the champion's {old}: gain {value} [{low}, {high}]"
        if self.improvement:
            return f"{against}, an improvement of {self.value} {'' if held else 'not '}shown"
        return f"{against}, a regression beyond {self.value} {'not ' if held else ''}shown"


# A rule on the new model alone: where it does not hold, the model is rejected.
AbsoluteRule = Threshold | Limit | Floor


def _compared(what: str, value: float, op: str, bound: float) -> tuple[bool, str]:
    """Return whether ``value`` holds the bound, and that in words."""
    left, right = readable(value, bound=bound)
    if OPERATORS[op](value, bound):
        return True, f"{what} {left} {op} {right}"
    return False, f"{what} {left} {OPPOSITE[op]} {right} {WANTED[op]}"


def _unreadable(rule: str, metric: str, bound: float, error: MetricError) -> Verdict:
    return Verdict(rule, metric, None, bound, False, str(error), REJECT)


def _listed(labels: list[str]) -> str:
    if not labels:
        return ""
    more = f" and {len(labels) - MOST_NAMED} more" if len(labels) > MOST_NAMED else ""
    return f" (also class {', '.join(labels[:MOST_NAMED])}{more})"
