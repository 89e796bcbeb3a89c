"""Whatever stands in evaluation.json and in the rules, nothing passes that should not.

The oracle below judges by exact fractions and shares no code with the gate.
"""

import copy
import json
import math
from collections import Counter
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.gate import decide

ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/group/1"
BLOCK = "multiclass_classification_metrics"
METRICS = {"accuracy": (0, 1), "weighted_f1": (0, 1), "loss": (0, 10**15), "gap": None}

SHARES = [0, 0.0, 0.85, 0.9, 0.91, 1]
JUNK = [
    *(None, True, False, "0.9", "", "NaN", [], {}, [1], {"value": 1}),
    *(math.nan, math.inf, -math.inf, 1e308, 1e16, -1e-9, 1.0001, 2, 10**400, -(10**400)),
]


def case(random: Random) -> tuple[Any, Any, str | None]:
    """Return (evaluation, gate, champion ARN): a sound case with up to two things broken."""
    champion = {"model_package_arn": ARN, BLOCK: block(random)}
    evaluation = {
        BLOCK: block(random),
        "dataset": {"test_samples": random.randint(1, 70_000)},
        "champion": random.choice([None, champion]),
    }
    gate = {
        "thresholds": [threshold(random) for _ in range(random.randint(1, 3))],
        "champion_metric": random.choice(list(METRICS)),
        "min_improvement": random.choice([0, 0.0, 0.01, 0.5]),
    }
    damaged = [evaluation, gate]
    for _ in range(random.choice([0, 0, 1, 2])):
        damage(random, damaged)
    return damaged[0], damaged[1], random.choice([None, ARN])


def block(random: Random) -> dict[str, Any]:
    return {name: {"value": share(random)} for name in METRICS}


def share(random: Random) -> float:
    return random.choice([*SHARES, random.random()])


def threshold(random: Random) -> dict[str, Any]:
    op = random.choice([">=", "<="])
    lenient = 0.1 if op == ">=" else 0.95
    value = random.choice([share(random), lenient, lenient])
    return {"metric": random.choice([*METRICS, *METRICS, "unknown"]), "op": op, "value": value}


def damage(random: Random, root: list[Any]) -> None:
    """Replace or remove one thing somewhere inside."""
    parent: Any = root
    key: Any = random.randrange(2)
    while isinstance(parent[key], list | dict) and parent[key] and random.random() < 0.9:
        parent = parent[key]
        key = random.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
    if isinstance(parent, dict) and random.random() < 0.5:
        del parent[key]
    else:
        parent[key] = copy.deepcopy(random.choice(JUNK))


def number(value: Any, name: str) -> Fraction | None:
    """Return the exact value of a metric, None where it cannot be one."""
    if value.__class__ is float and not math.isfinite(value):
        return None
    low, high = METRICS.get(name) or (-(10**15), 10**15)
    usable = value.__class__ in (int, float) and low <= Fraction(value) <= high
    return Fraction(value) if usable else None


def reading(holder: Any, name: Any) -> Fraction | None:
    try:
        return number(holder[BLOCK][name]["value"], name)
    except (KeyError, TypeError, IndexError):
        return None


def may_register(evaluation: Any, gate: Any, champion_arn: str | None) -> bool:
    """Say whether registering is right, by the rules as the documentation words them."""
    try:
        samples = evaluation.get("dataset", {}).get("test_samples", 1)
        thresholds_hold = gate["thresholds"].__class__ is list and all(
            holds(rule, evaluation) for rule in gate["thresholds"]
        )
        return (
            samples.__class__ is int
            and samples > 0
            and bool(gate["thresholds"])
            and thresholds_hold
            and reading(evaluation, gate["champion_metric"]) is not None
            and beats_champion(evaluation, gate, champion_arn)
        )
    except (AttributeError, KeyError, TypeError):
        return False


def holds(rule: Any, evaluation: Any) -> bool:
    value = reading(evaluation, rule["metric"])
    bound = number(rule["value"], rule["metric"])
    if value is None or bound is None or len(rule) != 3:
        return False
    return {">=": value >= bound, "<=": value <= bound}[rule["op"]]


def beats_champion(evaluation: Any, gate: Any, champion_arn: str | None) -> bool:
    metric, step = gate["champion_metric"], number(gate["min_improvement"], "")
    champion, new = evaluation.get("champion"), reading(evaluation, metric)
    if step is None or step < 0 or new is None:
        return False
    if champion is None:
        return champion_arn is None
    old = reading(champion, metric)
    unscored = old is None or "error" in champion
    if unscored or champion_arn not in (None, champion.get("model_package_arn")):
        return False
    gain = old - new if metric == "loss" else new - old
    # The gate compares as decimals; the binary values are off by less than a rounding.
    return gain >= step - Fraction(1, 10**15)


def test_zero_false_approvals():
    seen: Counter[str] = Counter()

    @settings(max_examples=10_000, deadline=None, database=None)
    @given(st.randoms(use_true_random=True))
    def judge(random: Random) -> None:
        evaluation, gate, champion_arn = case(random)
        decision = decide(evaluation, gate, champion_arn)
        seen[decision.decision] += 1
        if decision.decision == "register":
            assert may_register(evaluation, gate, champion_arn)
        assert decision.reason
        assert decision.reason.isprintable()
        assert len(json.dumps(decision.as_state(), allow_nan=False)) < 100_000

    judge()
    # The cases are worth something only if all three decisions occur among them.
    assert all(seen[decision] > 100 for decision in ("register", "keep_champion", "reject")), seen


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(anything)
def test_arbitrary_json_never_passes_and_never_crashes(found):
    gate = {
        "thresholds": [{"metric": "accuracy", "op": ">=", "value": 0}],
        "champion_metric": "accuracy",
        "min_improvement": 0,
    }
    assert decide(found, gate, None).decision == "reject"
    sound = {BLOCK: {"accuracy": {"value": 0.99}}, "champion": None}
    assert decide(sound, found, None).decision == "reject"
    assert decide(sound, gate, None).decision == "register"
