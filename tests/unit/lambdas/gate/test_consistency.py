"""An evaluation that contradicts itself is a reject, whichever of its numbers is wrong."""

import copy
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lambdas.gate.gate import decide
from tests.support.paths import ML_SCRIPTS
from tests.unit.lambdas import oracle
from tests.unit.lambdas.evaluations import BLOCK, CHAMPION, evaluation

if str(ML_SCRIPTS) not in sys.path:  # the scripts import each other by plain name
    sys.path.insert(0, str(ML_SCRIPTS))

LENIENT = {"thresholds": [{"metric": "accuracy", "op": ">=", "value": 0}]}
OF_A_LOSS = {"thresholds": [{"metric": "loss", "op": "<=", "value": 1}]}
CASES = int(os.environ.get("FUZZ_CASES") or 300)


def computed(seed: int, classes: int, images: int, level: float = 0.95) -> dict[str, Any]:
    """evaluation.json as ml_scripts computes it, of made-up predictions of two models."""
    from scoring import comparison, metrics  # noqa: PLC0415
    from scoring.predictions import Predictions  # noqa: PLC0415

    random = np.random.default_rng(seed)
    labels = random.integers(classes, size=images)

    def scores(skill: float) -> metrics.Scores:
        logits = random.normal(size=(images, classes))
        logits[np.arange(images), labels] += skill
        odds = np.exp(logits)
        shares = (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)
        return metrics.score(Predictions(labels, shares))

    new, old = scores(3), scores(1.5)
    model = {"size_bytes": 2_500_000, "parameters": 1000}
    latency = {"median": 12.5, "p95": 30.0, "batch": 1, "samples": 100}
    return {
        **metrics.as_json(new),
        "model": {**model, "sha256": "a" * 64, "latency_ms": latency},
        "dataset": {"test_samples": images, "labels_sha256": "c" * 64},
        "champion": {
            "model_package_arn": CHAMPION,
            **metrics.as_json(old),
            "model": {**model, "sha256": "b" * 64, "latency_ms": latency},
            "comparison": comparison.compare(new, old, level),
        },
    }


REAL = [computed(0, 3, 40), computed(1, 7, 300), computed(2, 2, 5)]


def numbers(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Return the way to each number inside."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        if isinstance(inner, dict | list):
            yield from numbers(inner, (*path, key))
        elif isinstance(inner, int | float):
            yield (*path, key)


def changed(found: Any, path: tuple[Any, ...], value: float) -> Any:
    other = copy.deepcopy(found)
    holder = other
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return other


def consistent(found: Any) -> bool:
    try:
        oracle.check(found)
    except oracle.ContradictionError:
        return False
    return True


@pytest.mark.parametrize("found", REAL, ids=("small", "many classes", "five images"))
def test_what_the_evaluation_computes_is_registered(found: dict[str, Any]) -> None:
    oracle.check(found)
    decision = decide(json.loads(json.dumps(found)), LENIENT, CHAMPION)
    assert decision.decision == "register", decision.reason


def test_any_one_number_that_is_changed_is_a_reject_unless_the_oracle_agrees() -> None:
    seen: Counter[str] = Counter()

    @settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=HealthCheck)
    @given(st.data())
    def judge(data: st.DataObject) -> None:
        found = data.draw(st.sampled_from(REAL))
        path = data.draw(st.sampled_from(list(numbers(found))))
        holder = found
        for key in path:
            holder = holder[key]
        near = st.sampled_from([-1, -0.5, -0.1, -0.01, -1e-3, -1e-5, 1e-5, 1e-3, 0.01, 0.1, 0.5, 1])
        value = data.draw(
            near.map(lambda by: holder + by)
            | st.sampled_from([0, 1, 2, -1, 0.5, 1.0, 10**400, -1e-9])
            | st.floats(0, 1)
        )
        other = changed(found, path, value)
        decision = decide(other, LENIENT, CHAMPION)
        seen[decision.decision] += 1
        if decision.decision == "register":
            oracle.check(other)

    judge()
    assert seen["reject"] > CASES / 5, seen
    assert seen["register"] > 0, seen


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ((BLOCK, "accuracy", "value"), 0.5, "accuracy is 0.5, and 0."),
        ((BLOCK, "confusion_matrix", "0", "1"), -1, "expected whole numbers from 0"),
        ((BLOCK, "confusion_matrix", "0", "1"), 0.5, "expected whole numbers from 0"),
        ((BLOCK, "confusion_matrix", "0", "0"), 10**400, "expected whole numbers from 0"),
        (("dataset", "test_samples"), 39, "confusion_matrix is of 40 images, and test_samples is"),
        ((BLOCK, "macro_f1", "value"), 0.1, "macro_f1 is 0.1"),
        (("per_class", "1", "recall", "value"), 0.111, "recall of class 1 is 0.111"),
        (("per_class", "1", "precision", "value"), 0.111, "precision of class 1 is 0.111"),
        (("per_class", "1", "samples"), 3, "samples of class 1 is 3"),
        ((BLOCK, "accuracy", "standard_deviation"), 0.5, "the deviation of accuracy is 0.5"),
        (("calibration", "bins", 0, "count"), 3, "bin 0 of calibration"),
        (("model", "latency_ms", "median"), 31, "model.latency_ms.median is 31, above p95, 30.0"),
        (("champion", BLOCK, "accuracy", "value"), 0.2, "of the champion: accuracy is 0.2"),
        (
            ("champion", "comparison", "metrics", "accuracy", "low"),
            0.99,
            "the interval of accuracy goes from 0.99 to",
        ),
        (
            ("champion", "comparison", "metrics", "macro_f1", "difference"),
            0.99,
            "the difference in macro_f1 is 0.99, of ",
        ),
        (
            ("champion", "comparison", "metrics", "loss", "high"),
            1e9,
            "the interval of loss reaches",
        ),
        (("champion", "comparison", "mcnemar", "both"), 0, "the images of mcnemar is"),
        (("champion", "comparison", "mcnemar", "p_value"), 0.5, "mcnemar.p_value is 0.5"),
    ],
)
def test_a_contradiction_is_named(path: tuple[Any, ...], value: float, said: str) -> None:
    decision = decide(changed(REAL[0], path, value), LENIENT, CHAMPION)
    assert decision.decision == "reject"
    assert said in decision.reason


@pytest.mark.parametrize("where", ["row", "column", "per_class", "matrix"])
def test_classes_are_the_same_wherever_they_are_named(where: str) -> None:
    found = copy.deepcopy(REAL[0])
    if where == "row":
        del found[BLOCK]["confusion_matrix"]["2"]
    elif where == "column":
        del found[BLOCK]["confusion_matrix"]["0"]["2"]
    elif where == "per_class":
        del found["per_class"]["2"]
    else:
        del found[BLOCK]["confusion_matrix"]
    assert decide(found, LENIENT, CHAMPION).decision == "reject"


def test_top_k_of_no_more_classes_than_k_is_a_contradiction() -> None:
    found = evaluation()
    found[BLOCK]["top_3_accuracy"] = {"value": 1.0}
    assert "top_3_accuracy is of more classes" in decide(found, LENIENT, None).reason


def test_a_model_without_a_digest_is_not_registered() -> None:
    for model in ({}, None, {"sha256": "A" * 64}, {"sha256": 5}):
        decision = decide(evaluation(model=model), LENIENT, None)
        assert decision.decision == "reject"
        assert "model.sha256 is no digest" in decision.reason


def test_what_is_stated_of_a_regression_needs_no_matrix() -> None:
    found = {
        "regression_metrics": {"mae": {"value": 0.25, "standard_deviation": 0.01}},
        "dataset": {"test_samples": 100},
        "model": {"sha256": "a" * 64},
        "champion": None,
    }
    assert decide(found, {"thresholds": []}, None).decision == "reject"  # no rule
    gate = {"champion": [{"metric": "loss", "max_regression": 1}]}
    found["regression_metrics"]["loss"] = {"value": 0.1}  # type: ignore[index]
    assert decide(found, gate, None).decision == "register"


@pytest.mark.parametrize("name", ["accuracy", "weighted_recall", "f1", "confusion_matrix"])
def test_a_regression_has_no_figures_of_classes_in_its_block(name: str) -> None:
    """They would be held against no matrix: an evaluation of classes under another name."""
    found = evaluation()
    block = found.pop(BLOCK)
    found |= {"per_class": None, "calibration": None, "champion": None}
    found["regression_metrics"] = {"loss": {"value": 0.1}, name: block.get(name, {"value": 0.99})}
    decision = decide(found, OF_A_LOSS, None)
    assert decision.decision == "reject"
    assert f"{name} is a figure of classes" in decision.reason


@pytest.mark.parametrize("name", ["per_class", "calibration"])
def test_a_regression_has_no_figures_of_classes_beside_its_block(name: str) -> None:
    found = evaluation()
    found.pop(BLOCK)
    others = {"per_class": None, "calibration": None, "champion": None} | {name: {"0": {}}}
    found |= {**others, "regression_metrics": {"loss": {"value": 0.1}}}
    decision = decide(found, OF_A_LOSS, None)
    assert decision.decision == "reject"
    assert f"{name} is a figure of classes" in decision.reason


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_every_computed_interval_holds_its_difference(level: float) -> None:
    """Resamples of a calibration error are biased: their middle may lie wholly beside it."""
    for seed in range(20):
        found = computed(seed, 10, 60, level)["champion"]["comparison"]["metrics"]
        for name, each in found.items():
            assert each["low"] <= each["difference"] <= each["high"], (seed, name)
