"""How each rule is judged."""

import json
import math

import pytest

from lambdas.gate.evidence import Evidence
from lambdas.gate.rules import ChampionRule, Floor, Limit, Threshold
from tests.unit.lambdas.evaluations import BLOCK, CHAMPION, against, evaluation, scores

NUMBERLESS = [
    *(None, True, "0.99", math.nan, math.inf, -math.inf),
    *(1e16, 10**5000, [0.9], {"value": 0.9}, 1.0001, -0.1),
]


def judge(rule, **found):
    return rule.judge(Evidence.of(evaluation(**found)))


def duel(rule, level=0.95, **champion):
    found = Evidence.of(evaluation(**against(**champion)))
    return rule.judge(found, found.champion(CHAMPION), level)


def test_exactly_at_the_threshold_holds():
    at_least, at_most = Threshold("accuracy", ">=", 0.85), Threshold("loss", "<=", 0.5)
    assert judge(at_least, accuracy=0.85).held
    assert not judge(at_least, accuracy=math.nextafter(0.85, 0)).held
    assert judge(at_most, loss=0.5).held
    assert not judge(at_most, loss=math.nextafter(0.5, 1)).held


@pytest.mark.parametrize(
    ("value", "bound", "said"),
    [
        (0.5, 0.85, "accuracy 0.500 < 0.850 required"),
        (0.8499, 0.85, "accuracy 0.8499 < 0.8500 required"),
        (0.969, 0.9999, "accuracy 0.9690 < 0.9999 required"),
        (0.84999999, 0.85, "accuracy 0.84999999 < 0.85000000 required"),
        (1e-7, 0.85, "accuracy 0.0000001 < 0.8500000 required"),
        (math.nextafter(0.85, 0), 0.85, "accuracy 0.8499999999999999 < 0.85 required"),
        (0.9, 0.85, "accuracy 0.900 >= 0.850"),
    ],
)
def test_numbers_are_as_short_as_they_may_be_and_bounds_as_they_were_written(value, bound, said):
    assert judge(Threshold("accuracy", ">=", bound), accuracy=value).said == said


@pytest.mark.parametrize("value", NUMBERLESS, ids=lambda _: "case")
@pytest.mark.parametrize("name", ["accuracy", "loss"])
def test_a_metric_that_is_no_plausible_number_never_holds(name, value):
    if name == "loss" and value == 1.0001:
        value = -1e-9
    rules = {"accuracy": Threshold("accuracy", ">=", 0), "loss": Threshold("loss", "<=", 1e15)}
    verdict = judge(rules[name], **{name: value})
    assert verdict.held is False
    assert verdict.said.startswith(f"{name} is ")
    json.dumps(verdict.as_state(), allow_nan=False)


def test_the_weakest_class_is_held_against_the_floor():
    verdict = judge(Floor("recall", 0.8))
    assert (verdict.rule, verdict.value, verdict.held) == ("recall of each class >= 0.8", 0.8, True)
    verdict = judge(Floor("recall", 0.92))
    assert (verdict.value, verdict.held) == (0.8, False)
    assert verdict.said == "recall of class 2 0.800 < 0.920 required (also class 1)"
    assert judge(Floor("precision", 0.85)).held


def test_a_class_may_have_a_floor_of_its_own():
    assert judge(Floor("recall", 0.9, excepted=("2",))).held
    assert judge(Floor("recall", 0.75, label="2")).held
    verdict = judge(Floor("recall", 0.81, label="2"))
    assert verdict.rule == "recall of class 2 >= 0.81"
    assert verdict.said == "recall of class 2 0.800 < 0.810 required"
    assert judge(Floor("recall", 1.0, excepted=("0", "1", "2"))).held


def test_many_weak_classes_are_counted():
    labels = [str(number) for number in range(30)]
    block = evaluation()[BLOCK] | {"confusion_matrix": {label: {} for label in labels}}
    found = {BLOCK: block, "per_class": {label: scores(0.1) for label in labels}}
    assert judge(Floor("recall", 0.5), **found).said.endswith(
        "(also class 1, 2, 3, 4, 5 and 24 more)"
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"per_class": None}, "per_class of evaluation.json is null, expected an object"),
        ({"per_class": {"0": scores(), "1": scores()}}, "2 of per_class is null, expected an ob"),
        ({"per_class": {"0": [], "1": scores(), "2": scores()}}, "0 of per_class is a list"),
        ({BLOCK: {}}, "confusion_matrix of evaluation.json is null, expected an object"),
        ({BLOCK: {"confusion_matrix": {}}}, "confusion_matrix is empty, expected a row for each"),
        *(
            (
                {"per_class": {"0": scores(value), "1": scores(), "2": scores()}},
                "class 0: recall is",
            )
            for value in NUMBERLESS
        ),
    ],
    ids=lambda _: "case",
)
def test_no_class_passes_unjudged(found, said):
    verdict = judge(Floor("recall", 0.0), **found)
    assert verdict.held is False
    assert verdict.said.startswith(said)


def test_a_floor_for_a_class_that_does_not_exist_does_not_hold():
    assert judge(Floor("recall", 0, label="7")).said == "class 7 is none of the 3 classes"


def test_latency_and_size_have_limits():
    assert judge(Limit("latency_ms", 12.5)).held
    verdict = judge(Limit("latency_ms", 12.4))
    assert (verdict.held, verdict.said) == (False, "latency_ms 12.500 > 12.400 allowed")
    assert judge(Limit("model_size_mb", 2.5)).held
    verdict = judge(Limit("model_size_mb", 2))
    assert (verdict.value, verdict.said) == (2.5, "model_size_mb 2.500 > 2.000 allowed")


@pytest.mark.parametrize(
    "model",
    [None, [], {}, *({"size_bytes": v, "latency_ms": {"median": v}} for v in NUMBERLESS[:-2])],
    ids=lambda _: "case",
)
@pytest.mark.parametrize("metric", ["latency_ms", "model_size_mb"])
def test_a_limit_on_what_was_not_measured_does_not_hold(metric, model):
    assert judge(Limit(metric, 1e9), model=model).held is False


@pytest.mark.parametrize(
    ("interval", "held"),
    [((0.006, 0.014), True), ((0.005, 0.015), True), ((0.00499, 0.016), False), ((-1, 1), False)],
)
def test_an_improvement_is_asked_of_the_whole_interval(interval, held):
    verdict = duel(ChampionRule("accuracy", 0.005, improvement=True), interval=interval)
    assert (verdict.held, verdict.otherwise) == (held, "keep_champion")


@pytest.mark.parametrize(
    ("interval", "held"),
    [
        ((0.001, 0.019), True),
        ((-0.05, 0.001), True),
        ((-0.05, -0.01), True),
        ((-0.05, -0.0101), False),
    ],
)
def test_a_regression_blocks_only_if_the_whole_interval_lies_beyond_it(interval, held):
    rule = ChampionRule("accuracy", 0.01, improvement=False)
    assert duel(rule, interval=interval, accuracy=0.91 - sum(interval) / 2).held == held


def test_less_loss_is_better():
    verdict = duel(ChampionRule("loss", 0.04, improvement=True))
    assert (verdict.value, verdict.low, verdict.high) == pytest.approx((0.05, 0.04, 0.06))
    assert verdict.held
    assert not duel(ChampionRule("loss", 0.041, improvement=True)).held
    assert duel(ChampionRule("loss", 0.0, improvement=False)).held


def test_the_line_tells_of_both_models_and_the_interval():
    shown = duel(ChampionRule("accuracy", 0.001, improvement=True))
    assert shown.said == (
        "accuracy 0.910 against the champion's 0.900: gain 0.010 [0.001, 0.019], "
        "an improvement of 0.001 shown"
    )
    worse = {"accuracy": 0.95, "interval": (-0.06, -0.02)}
    broken = duel(ChampionRule("accuracy", 0.0, improvement=False), **worse)
    assert broken.said == (
        "accuracy 0.910 against the champion's 0.950: gain -0.040 [-0.060, -0.020], "
        "a regression beyond 0.0 shown"
    )
    noise = duel(ChampionRule("accuracy", 0.0, improvement=False), interval=(-0.002, 0.022))
    assert noise.said.endswith("gain 0.010 [-0.002, 0.022], a regression beyond 0.0 not shown")


@pytest.mark.parametrize(
    "comparison",
    [
        None,
        [],
        {},
        {"level": 0.95},
        {"level": 0.95, "metrics": {"accuracy": None}},
        *(
            {"level": level, "metrics": {"accuracy": {"difference": 0.01, "low": 0.0, "high": 0.1}}}
            for level in (None, 0.9, 0.951, 95, True, "0.95", math.nan)
        ),
        *(
            {"level": 0.95, "metrics": {"accuracy": {"difference": 0.01, **interval}}}
            for interval in (
                {},
                {"low": 0.0},
                {"low": 0.02, "high": 0.01},
                *({"low": value, "high": 0.1} for value in (*NUMBERLESS[:-2], -1.01)),
                *({"low": 0.0, "high": value} for value in NUMBERLESS[:-1]),
            )
        ),
        *(
            {"level": 0.95, "metrics": {"accuracy": {"difference": d, "low": 0.0, "high": 0.1}}}
            for d in (*NUMBERLESS, -0.01, 0.02, 0.0)
        ),
    ],
    ids=lambda _: "case",
)
@pytest.mark.parametrize("improvement", [True, False])
def test_a_comparison_that_is_not_whole_and_sound_never_holds(comparison, improvement):
    rule = ChampionRule("accuracy", 0.0 if improvement else 1.0, improvement)
    verdict = duel(rule, comparison=comparison)
    assert verdict.held is False
    assert verdict.said.startswith("not to be compared with the champion: ")
    assert verdict.value is None


def test_the_level_is_the_one_that_pipeline_toml_asks_for():
    rule = ChampionRule("accuracy", 0.0, improvement=True)
    assert duel(rule, level=0.95).held
    verdict = duel(rule, level=0.99)
    assert verdict.held is False
    assert "the level of the intervals is 0.95, pipeline.toml says 0.99" in verdict.said


@pytest.mark.parametrize("value", NUMBERLESS, ids=lambda _: "case")
def test_a_champions_metric_that_is_no_plausible_number_never_holds(value):
    rule = ChampionRule("accuracy", 1.0, improvement=False)
    assert duel(rule, **{BLOCK: {"accuracy": {"value": value}}}).held is False
