"""The gate: whether a model may be registered. Pure, and closed unless everything is in order.

The order of judgement:

1. An evaluation or a rule that is malformed, or a threshold that does not hold: ``reject``.
2. A champion that the new model does not reach, by ``min_improvement``: ``keep_champion``.
3. A champion that could not be scored on this test set: ``keep_champion``. Nobody knows then
   whether the new model is better; whoever does can reject the champion in the registry, or
   repair it, and start again.
4. Otherwise: ``register``.
"""

import operator
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from lambdas.metrics import (
    LARGEST,
    MetricError,
    is_number,
    less_is_better,
    metric,
    metrics_block,
    plausible,
    scalars,
)
from lambdas.text import one_line, shown

REGISTER, KEEP_CHAMPION, REJECT = "register", "keep_champion", "reject"
OPERATORS = {">=": operator.ge, "<=": operator.le}
OPPOSITE = {">=": "<", "<=": ">"}


@dataclass(frozen=True)
class Rule:
    """One rule and how it went. ``value`` and ``bound`` are None where there is no number."""

    rule: str  # "accuracy >= 0.85"
    metric: str
    value: float | None
    bound: float | None
    held: bool
    said: str  # "accuracy 0.912 < 0.990 required"


@dataclass(frozen=True)
class Decision:
    """``decision`` with its ``reason`` in one line, and what led to it."""

    decision: str
    reason: str
    rules: tuple[Rule, ...] = ()
    metrics: Mapping[str, float] = field(default_factory=dict)

    def as_state(self) -> dict[str, Any]:
        """Return the decision as the JSON that states, decision.json and reports carry."""
        rules = [{k: v for k, v in asdict(rule).items() if k != "said"} for rule in self.rules]
        return {
            "decision": self.decision,
            "reason": self.reason,
            "rules": rules,
            "metrics": dict(self.metrics),
        }


@dataclass(frozen=True)
class Threshold:
    """``metric`` must be ``op`` (">=" or "<=") ``value``."""

    metric: str
    op: str
    value: float


@dataclass(frozen=True)
class Gate:
    """The checked rules: ``[gate]`` of pipeline.toml."""

    thresholds: tuple[Threshold, ...]
    champion_metric: str
    min_improvement: float


def decide(evaluation: object, gate: object, champion_arn: str | None) -> Decision:
    """Hold an evaluation against the rules.

    ``evaluation`` is what evaluation.json holds, ``gate`` the ``[gate]`` settings, and
    ``champion_arn`` the model package that the evaluation should have scored beside the new
    model. Nothing in either makes this raise: what cannot be judged is a reject with its reason.
    """
    metrics: Mapping[str, float] = {}
    try:
        block_name, block = metrics_block(evaluation)
        metrics = scalars(block)
        rules = parse_gate(gate)
        challenger = metric(block, rules.champion_metric)
    except MetricError as error:
        return reject(str(error), metrics)
    assert isinstance(evaluation, Mapping)
    thresholds = tuple(_hold(threshold, block) for threshold in rules.thresholds)
    if broken := [rule for rule in thresholds if not rule.held]:
        return Decision(REJECT, _in_one_line(broken), thresholds, metrics)
    champion = evaluation.get("champion")
    if champion is None and champion_arn is None:
        reason = _in_one_line(thresholds) + "; no champion yet"
        return Decision(REGISTER, reason, thresholds, metrics)
    duel = _duel(challenger, champion, champion_arn, block_name, rules)
    judged = (*thresholds, duel)
    if not duel.held:
        return Decision(KEEP_CHAMPION, duel.said, judged, metrics)
    return Decision(REGISTER, _in_one_line(judged), judged, metrics)


def reject(reason: str, metrics: Mapping[str, float] | None = None) -> Decision:
    """Return the decision to reject for something that is wrong with the evaluation or rules."""
    return Decision(REJECT, one_line(reason), (), metrics or {})


def parse_gate(gate: object) -> Gate:
    """Check the rules themselves. Raises MetricError naming the first that cannot be applied."""
    if not isinstance(gate, Mapping):
        raise MetricError(f"gate is {shown(gate)}, expected an object")
    thresholds = gate.get("thresholds")
    if not isinstance(thresholds, list) or not thresholds:
        raise MetricError(f"gate.thresholds is {shown(thresholds)}, expected at least one rule")
    champion_metric, improvement = gate.get("champion_metric"), gate.get("min_improvement")
    if not isinstance(champion_metric, str) or not champion_metric:
        raise MetricError(f"gate.champion_metric is {shown(champion_metric)}, expected a name")
    if not is_number(improvement, 0, LARGEST):
        raise MetricError(f"gate.min_improvement is {shown(improvement)}, expected a number >= 0")
    checked = tuple(_threshold(number, found) for number, found in enumerate(thresholds))
    return Gate(checked, champion_metric, improvement)


def _threshold(number: int, found: object) -> Threshold:
    where = f"gate.thresholds[{number}]"
    if not isinstance(found, Mapping) or set(found) != {"metric", "op", "value"}:
        raise MetricError(f"{where} is {shown(found)}, expected an object of metric, op, value")
    name, op = found["metric"], found["op"]
    if not isinstance(name, str) or not name:
        raise MetricError(f"{where}.metric is {shown(name)}, expected a name")
    if not isinstance(op, str) or op not in OPERATORS:
        raise MetricError(f"{where}.op is {shown(op)}, expected >= or <=")
    try:
        return Threshold(name, op, plausible(name, found["value"]))
    except MetricError as error:
        raise MetricError(f"{where}.value: {error}") from None


def _hold(threshold: Threshold, block: Mapping[str, Any]) -> Rule:
    name, op, bound = threshold.metric, threshold.op, threshold.value
    rule = f"{name} {op} {bound}"
    try:
        value = metric(block, name)
    except MetricError as error:
        return Rule(rule, name, None, bound, False, str(error))
    # A bound is what somebody wrote: it is shown as written, never rounded.
    left, right = _readable(value, bound, least_decimals=_decimals(bound))
    if OPERATORS[op](value, bound):
        return Rule(rule, name, value, bound, True, f"{name} {left} {op} {right}")
    wanted = "required" if op == ">=" else "allowed"
    return Rule(rule, name, value, bound, False, f"{name} {left} {OPPOSITE[op]} {right} {wanted}")


def _duel(
    challenger: float, champion: object, champion_arn: str | None, block_name: str, gate: Gate
) -> Rule:
    name, step = gate.champion_metric, gate.min_improvement
    rule = f"{name} better than the champion's by {step}"
    try:
        score = _champion_score(champion, champion_arn, block_name, name)
    except MetricError as error:
        said = (
            f"champion {champion_arn or ''} could not be scored: {error}; not replaced unmeasured"
        )
        return Rule(rule, name, challenger, None, False, one_line(said))
    # In decimal, 0.91 is better than 0.9 by 0.01 exactly, as it is on paper.
    gain = Decimal(str(challenger)) - Decimal(str(score))
    gain = -gain if less_is_better(name) else gain
    held = gain >= Decimal(str(step))
    new, old = _readable(challenger, score)
    comparison = ">=" if held else "<"
    said = f"{name} {new} against the champion's {old}: gain {gain:f} {comparison} {step} asked"
    return Rule(rule, name, challenger, score, held, said)


def _champion_score(
    champion: object, champion_arn: str | None, block_name: str, name: str
) -> float:
    """Return the champion's metric on this test set. Raises MetricError where there is none."""
    if not isinstance(champion, Mapping):
        raise MetricError(f"evaluation.json says {shown(champion)} of it")
    if "error" in champion:
        raise MetricError(one_line(str(champion["error"]), 300))
    scored = champion.get("model_package_arn")
    if champion_arn is not None and scored != champion_arn:
        raise MetricError(f"evaluation.json scored {shown(scored)} in its place")
    block = champion.get(block_name)
    if not isinstance(block, Mapping):
        raise MetricError(f"its {block_name} is {shown(block)}")
    return metric(block, name)


def _in_one_line(rules: list[Rule] | tuple[Rule, ...]) -> str:
    return one_line("; ".join(rule.said for rule in rules))


def _decimals(number: float) -> int:
    """Return how many decimals ``number`` is written with: 4 for 0.9999."""
    exponent = Decimal(str(number)).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _readable(left: float, right: float, least_decimals: int = 0) -> tuple[str, str]:
    """Write two numbers with as few decimals, from three, as keep the text true to both."""
    for decimals in range(max(3, least_decimals), 10):
        texts = f"{left:.{decimals}f}", f"{right:.{decimals}f}"
        same = texts[0] == texts[1]
        if same == (left == right) and all(
            float(text) or not x for text, x in zip(texts, (left, right), strict=True)
        ):
            return texts
    return str(left), str(right)
