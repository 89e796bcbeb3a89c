"""Whatever stands in evaluation.json and in the rules, nothing passes that should not.

The oracle below judges by exact fractions, as docs/gate.md words the rules, and shares no code with
the gate.
"""

import copy
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.gate.gate import decide
from tests.unit.lambdas import oracle
from tests.unit.lambdas.evaluations import evaluation as whole_evaluation

ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/group/1"
BLOCK = "multiclass_classification_metrics"
# Each metric with its largest value, and whether less of it is better.
METRICS = {
    "accuracy": (1, False),
    "macro_f1": (1, False),
    "loss": (10**15, True),
    "expected_calibration_error": (1, True),
}
CLASSES = ["0", "1", "2"]
LEVELS = [0.9, 0.95]

SHARES = [0, 0.0, 0.85, 0.9, 0.91, 1]
JUNK = [
    *(None, True, False, "0.9", "", "NaN", [], {}, [1], {"value": 1}),
    *(math.nan, math.inf, -math.inf, 1e308, 1e16, -1e-9, 1.0001, 2, 10**400, -(10**400)),
    *("keep_champion", "register", ARN, 0.95),
]


def case(random: Random, damages: int) -> tuple[Any, Any, str | None, Any]:
    """Return (evaluation, gate, champion ARN, auto_approve): a sound case, then damaged.

    Whether the run has a champion is drawn as well, and in one case of five the evaluation may know
    of another than the run.
    """
    arn = random.choice([None, ARN, ARN])
    level = random.choice(LEVELS)
    matrix = confusion_matrix(random)
    scores = scores_of(random, matrix)
    evaluation = {
        BLOCK: block(scores, matrix),
        "per_class": class_scores(matrix),
        "dataset": {"test_samples": sum(sum(row.values()) for row in matrix.values())},
        "model": {
            "sha256": "a" * 64,
            "size_bytes": random.randint(1, 5_000_000),
            "latency_ms": {"median": random.choice([1, 5.5, 20.0])},
        },
        "champion": champion(random, scores, level) if arn else None,
    }
    gate = {
        **rules(random),
        "confidence_level": random.choice([level, level, level, *LEVELS]),
        "unscorable_champion": random.choice(["register", "keep_champion", "reject"]),
    }
    approving = {**rules(random), "enabled": random.choice([True, True, False])}
    damaged = [evaluation, gate, approving]
    for _ in range(damages):
        damage(random, damaged)
    if random.random() < 0.2:
        arn = random.choice([None, ARN, "another"])
    return damaged[0], damaged[1], arn, damaged[2]


def confusion_matrix(random: Random) -> dict[str, dict[str, int]]:
    """Images of three classes, most of them taken for what they are."""
    sizes = {label: random.choice([0, 5, 100, random.randint(1, 20_000)]) for label in CLASSES}
    sizes["0"] += 1
    matrix = {}
    for label, size in sizes.items():
        hits = round(share(random) * size)
        others = [other for other in CLASSES if other != label]
        first = random.randint(0, size - hits)
        missed = dict(zip(others, (first, size - hits - first), strict=True))
        matrix[label] = {label: hits, **missed}
    return matrix


def scores_of(random: Random, matrix: dict[str, dict[str, int]]) -> dict[str, float]:
    """What the matrix says, and of the others any number."""
    right = sum(matrix[label][label] for label in CLASSES)
    f1 = [oracle_score(matrix, label, "f1") for label in CLASSES]
    scores = {name: share(random) for name in METRICS}
    images = sum(sum(row.values()) for row in matrix.values())
    return scores | {"accuracy": right / images, "macro_f1": float(sum(f1) / len(f1))}


def oracle_score(matrix: dict[str, dict[str, int]], label: str, name: str) -> Fraction:
    hits, there = matrix[label][label], sum(matrix[label].values())
    said = sum(row[label] for row in matrix.values())
    part, whole = {
        "recall": (hits, there),
        "precision": (hits, said),
        "f1": (2 * hits, there + said),
    }[name]
    return Fraction(part, whole) if whole else Fraction(0)


def block(scores: dict[str, float], matrix: dict[str, dict[str, int]] | None) -> dict[str, Any]:
    found: dict[str, Any] = {name: {"value": value} for name, value in scores.items()}
    return found | ({} if matrix is None else {"confusion_matrix": matrix})


def class_scores(matrix: dict[str, dict[str, int]]) -> dict[str, Any]:
    return {
        label: {
            name: {"value": float(oracle_score(matrix, label, name))}
            for name in ("precision", "recall")
        }
        for label in matrix
    }


def share(random: Random) -> float:
    return random.choice([*SHARES, random.random()])


def champion(random: Random, new: dict[str, float], level: float) -> dict[str, Any]:
    """What the evaluation found of a champion: a comparison mostly, else why there is none."""
    if random.random() < 0.15:
        return {"model_package_arn": ARN, "error": "it knows 9 classes, not 10"}
    old = {name: share(random) for name in METRICS}
    metrics = {}
    for name in METRICS:
        difference = new[name] - old[name]
        width = random.choice([0, 0.01, 0.1, 0.5])
        low, high = max(-1, difference - width), min(1, difference + width)
        if random.random() < 0.02:
            low, high = high, low
        if random.random() < 0.02:
            difference = share(random)
        metrics[name] = {"difference": difference, "low": low, "high": high}
    comparison = {"level": level, "metrics": metrics}
    return {"model_package_arn": ARN, BLOCK: block(old, None), "comparison": comparison}


def rules(random: Random) -> dict[str, Any]:
    """Rules of every kind: mostly lenient, so that enough models pass them all."""
    some: Callable[[float], bool] = lambda chance: random.random() < chance  # noqa: E731
    return {
        "thresholds": [threshold(random) for _ in range(random.randint(0, 2))],
        "per_class": {"min_recall": random.choice([0, 0.1, 0.9])} if some(0.3) else {},
        "champion": [champion_rule(random) for _ in range(random.randint(0, 2))],
        "limits": {"max_latency_ms": random.choice([5.5, 100])} if some(0.3) else {},
    } | ({"per_class": own_floors(random)} if some(0.2) else {})


def own_floors(random: Random) -> dict[str, Any]:
    own = {random.choice([*CLASSES, "7"]): {"min_recall": random.choice([0, 0.5])}}
    return {"min_recall": 0, "min_precision": 0, "classes": own}


def threshold(random: Random) -> dict[str, Any]:
    op = random.choice([">=", "<="])
    lenient = 0.1 if op == ">=" else 0.95
    value = random.choice([share(random), lenient, lenient])
    return {"metric": random.choice([*METRICS, *METRICS, "unknown"]), "op": op, "value": value}


def champion_rule(random: Random) -> dict[str, Any]:
    asked = [{"max_regression": 0.5}, {"max_regression": 0}, {"min_improvement": 0.01}]
    both = {"max_regression": 0.1, "min_improvement": 0}
    return {"metric": random.choice(list(METRICS)), **random.choice([*asked, both])}


def damage(random: Random, root: list[Any]) -> None:
    """Replace or remove one thing somewhere inside."""
    parent: Any = root
    key: Any = random.randrange(len(root))
    while isinstance(parent[key], list | dict) and parent[key] and random.random() < 0.9:
        parent = parent[key]
        key = random.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
    if isinstance(parent, dict) and random.random() < 0.5:
        del parent[key]
    else:
        parent[key] = copy.deepcopy(random.choice(JUNK))


class WrongError(Exception):
    """Something is not as it must be for a model to pass."""


def number(value: Any, low: float, high: float) -> Fraction:
    """Return a finite number within bounds exactly; anything else is wrong."""
    if value.__class__ not in (int, float) or (value.__class__ is float and value - value != 0):
        raise WrongError
    if not low <= Fraction(value) <= high:
        raise WrongError
    return Fraction(value)


def reading(holder: Any, name: str) -> Fraction:
    return number(holder[BLOCK][name]["value"], 0, METRICS[name][0])


def demand(condition: bool) -> None:
    if not condition:
        raise WrongError


def right(check: Callable[..., None], *arguments: Any) -> bool:
    """Say whether a check goes through."""
    try:
        check(*arguments)
    except (
        WrongError,
        AttributeError,
        IndexError,
        KeyError,
        TypeError,
        ValueError,
    ):
        return False
    return True


def contradicts(evaluation: Any) -> bool:
    """Say whether two figures contradict each other; what is missing or no number cannot."""
    try:
        oracle.check(evaluation)
    except oracle.ContradictionError:
        return True
    except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError):
        return False
    return False


def check_register(evaluation: Any, gate: Any, arn: str | None) -> None:
    """Registering is right."""
    samples = evaluation["dataset"]["test_samples"]
    demand(samples.__class__ is int and samples > 0)
    demand(re.fullmatch("[0-9a-f]{64}", evaluation["model"]["sha256"]) is not None)
    demand(not contradicts(evaluation))
    check_absolute(evaluation, gate)
    demand(any(gate.get(kind) for kind in ("thresholds", "per_class", "champion", "limits")))
    for rule in gate.get("champion", []):
        reading(evaluation, rule["metric"]) if not unscorable(evaluation, arn) else None
    if unscorable(evaluation, arn):
        demand(gate["unscorable_champion"] == "register")
    elif evaluation.get("champion") is None:
        demand(arn is None)
    else:
        check_champion(evaluation, gate.get("champion", []), level_of(gate), arn)


def check_approve(evaluation: Any, gate: Any, approving: Any, arn: str | None) -> None:
    """Approving what is registered is right: every rule is there to be judged, and holds."""
    demand(approving["enabled"] is True)
    demand(any(approving.get(kind) for kind in ("thresholds", "per_class", "champion", "limits")))
    check_absolute(evaluation, approving)
    if evaluation.get("champion") is None:
        demand(arn is None and not approving.get("champion"))
    else:
        demand("error" not in evaluation["champion"])
        check_champion(evaluation, approving.get("champion", []), level_of(gate), arn)


def level_of(gate: Any) -> Any:
    return gate.get("confidence_level", 0.95)


def unscorable(evaluation: Any, arn: str | None) -> bool:
    champion = evaluation.get("champion")
    scored = champion.__class__ is dict and champion.get("model_package_arn")
    return bool(arn) and scored == arn and "error" in champion


def check_absolute(evaluation: Any, rules: Any) -> None:
    demand(rules.get("thresholds", []).__class__ is list)
    for rule in rules.get("thresholds", []):
        demand(set(rule) == {"metric", "op", "value"})
        value = reading(evaluation, rule["metric"])
        bound = number(rule["value"], 0, METRICS[rule["metric"]][0])
        demand({">=": value >= bound, "<=": value <= bound}[rule["op"]])
    check_floors(evaluation, rules.get("per_class", {}))
    for key, value in rules.get("limits", {}).items():
        demand(key == "max_latency_ms")
        demand(
            number(evaluation["model"]["latency_ms"]["median"], 0, 10**15) <= number(value, 0, 1e9)
        )


def check_floors(evaluation: Any, floors: Any) -> None:
    own = floors.get("classes", {})
    demand(set(floors) <= {"min_recall", "min_precision", "classes"})
    for metric in ("recall", "precision"):
        key = f"min_{metric}"
        wanted = (
            dict.fromkeys(evaluation[BLOCK]["confusion_matrix"], floors[key])
            if (key in floors)
            else {}
        )
        demand(key not in floors or bool(wanted))
        wanted |= {label: own[label][key] for label in own if key in own[label]}
        for label, floor in wanted.items():
            demand(label in evaluation[BLOCK]["confusion_matrix"])
            found = evaluation["per_class"][label][metric]["value"]
            demand(number(found, 0, 1) >= number(floor, 0, 1))


def check_champion(evaluation: Any, rules: Any, level: Any, arn: str | None) -> None:
    champion = evaluation["champion"]
    demand(bool(arn) and champion["model_package_arn"] == arn and "error" not in champion)
    demand(champion[BLOCK].__class__ is dict)
    for rule in rules:
        largest, less_is_better = METRICS[rule["metric"]]
        demand({"metric"} < set(rule) <= {"metric", "min_improvement", "max_regression"})
        new, old = reading(evaluation, rule["metric"]), reading(champion, rule["metric"])
        demand(number(champion["comparison"]["level"], 0, 1) == number(level, 0.5, 0.999))
        found = champion["comparison"]["metrics"][rule["metric"]]
        gain, low, high = (
            number(found[key], -largest, largest) for key in ("difference", "low", "high")
        )
        demand(low <= high)
        demand(abs(gain - (new - old)) <= Fraction(2, 10**6) * max(1, new, old))
        if less_is_better:
            low, high = -high, -low
        if "min_improvement" in rule:
            demand(low >= number(rule["min_improvement"], 0, largest))
        if "max_regression" in rule:
            demand(high >= -number(rule["max_regression"], 0, largest))


def test_zero_false_approvals():
    seen: Counter[str] = Counter()

    @settings(max_examples=10_000, deadline=None, database=None)
    @given(st.randoms(use_true_random=True))
    def judge(random: Random) -> None:
        damages = random.choice([0, 0, 0, 1, 2])
        evaluation, gate, arn, approving = case(random, damages)
        decision = decide(evaluation, gate, arn, approving)
        seen[decision.decision] += 1
        seen[decision.approval_status] += 1
        registered, allowed = (
            decision.decision == "register",
            right(check_register, evaluation, gate, arn),
        )
        assert allowed or not registered
        # Of what is whole, nothing is held back either.
        assert damages or registered == allowed
        if decision.approval_status == "Approved":
            assert decision.decision == "register"
            assert right(check_approve, evaluation, gate, approving, arn)
        assert decision.reason
        assert decision.reason.isprintable()
        assert len(json.dumps(decision.as_state(), allow_nan=False)) < 100_000

    judge()
    # The cases are worth something only if every outcome occurs among them.
    outcomes = ("register", "keep_champion", "reject", "Approved")
    assert all(seen[outcome] > 100 for outcome in outcomes), seen


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(anything)
def test_arbitrary_json_never_passes_and_never_crashes(found):
    gate = {"thresholds": [{"metric": "accuracy", "op": ">=", "value": 0}]}
    assert decide(found, gate, None).decision == "reject"
    sound = whole_evaluation(0.99)
    assert decide(sound, found, None).decision == "reject"
    assert decide(sound, gate, None).decision == "register"
    pending = decide(sound, gate, None, found)
    assert (pending.decision, pending.approval_status) == ("register", "PendingManualApproval")
    compared = {"champion": [{"metric": "accuracy", "max_regression": 1}]}
    unsound = sound | {"champion": {"model_package_arn": ARN, BLOCK: found, "comparison": found}}
    assert decide(unsound, compared, ARN).decision in {"keep_champion", "reject"}
