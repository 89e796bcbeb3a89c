"""Which rules are taken, and how a refusal reads."""

import math
import re
import tomllib

import pytest

from lambdas.gate.metrics import MetricError
from lambdas.gate.rules import ChampionRule, Floor, Limit, Threshold
from lambdas.gate.settings import parse_auto_approve, parse_gate
from tests.support.paths import PROJECT

GUIDE = PROJECT / "docs" / "gate.md"
ACCURATE = {"metric": "accuracy", "op": ">=", "value": 0.85}
NO_SHARES = [None, True, "0.5", math.nan, math.inf, -0.1, 1.1, [0.5]]


def test_every_rule_becomes_what_judges_it():
    gate = parse_gate(
        {
            "confidence_level": 0.9,
            "unscorable_champion": "reject",
            "thresholds": [ACCURATE],
            "per_class": {"min_recall": 0.5, "classes": {"3": {"min_recall": 0.7}}},
            "champion": [{"metric": "loss", "max_regression": 0.1, "min_improvement": 0.2}],
            "limits": {"max_latency_ms": 20, "max_model_size_mb": 5.5},
        }
    )
    assert gate.rules.absolute == (
        Threshold("accuracy", ">=", 0.85),
        Floor("recall", 0.5, excepted=("3",)),
        Floor("recall", 0.7, label="3"),
        Limit("latency_ms", 20),
        Limit("model_size_mb", 5.5),
    )
    assert gate.rules.champion == (
        ChampionRule("loss", 0.2, improvement=True),
        ChampionRule("loss", 0.1, improvement=False),
    )
    assert (gate.confidence_level, gate.unscorable_champion) == (0.9, "reject")


def test_what_is_not_said_has_a_default():
    gate = parse_gate({"thresholds": [ACCURATE]})
    assert (gate.confidence_level, gate.unscorable_champion) == (0.95, "keep_champion")


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        (None, "gate is null, expected an object"),
        ({}, "gate has no rule"),
        ({"thresholds": [], "per_class": {}, "champion": [], "limits": {}}, "gate has no rule"),
        ({"champion_metric": "accuracy"}, "gate has 'champion_metric', expected only thresholds"),
        ({"thresholds": ACCURATE}, "gate.thresholds is an object, expected a list of rules"),
        ({"thresholds": ["a"]}, "gate.thresholds[0] is 'a', expected an object"),
        ({"thresholds": [ACCURATE | {"or": 1}]}, "gate.thresholds[0] has 'or', expected only"),
        (
            {"thresholds": [ACCURATE, ACCURATE | {"op": ">"}]},
            "gate.thresholds[1].op is '>', expected >= or <=",
        ),
        ({"thresholds": [ACCURATE | {"op": []}]}, "gate.thresholds[0].op is a list"),
        ({"thresholds": [{"metric": "loss", "op": "<="}]}, "gate.thresholds[0].value: loss is"),
        (
            {"thresholds": [ACCURATE | {"metric": "acuracy"}]},
            "gate.thresholds[0].metric is 'acuracy', expected one of accuracy, loss, ",
        ),
        ({"thresholds": [ACCURATE | {"metric": None}]}, "gate.thresholds[0].metric is null"),
        *(
            (
                {"thresholds": [ACCURATE | {"value": value}]},
                "gate.thresholds[0].value: accuracy is",
            )
            for value in NO_SHARES
        ),
        ({"per_class": []}, "gate.per_class is a list, expected an object"),
        ({"per_class": {"recall": 1}}, "gate.per_class has 'recall', expected only min_precision"),
        *(({"per_class": {"min_recall": v}}, "gate.per_class.min_recall is") for v in NO_SHARES),
        ({"per_class": {"classes": {"a": {}}}}, "gate.per_class.classes names 'a', expected a cl"),
        ({"per_class": {"classes": {"07": {}}}}, "gate.per_class.classes names '07'"),
        ({"per_class": {"classes": {"3": 0.5}}}, 'gate.per_class.classes."3" is 0.5, expected'),
        ({"per_class": {"classes": {"3": {}}}}, 'gate.per_class.classes."3" has no floor'),
        (
            {"per_class": {"classes": {"3": {"min_recall": 2}}}},
            'gate.per_class.classes."3".min_recall is 2',
        ),
        ({"champion": {}}, "gate.champion is an object, expected a list of rules"),
        ({"champion": [{"metric": "loss"}]}, "gate.champion[0] asks for nothing, expected min_im"),
        ({"champion": [{"max_regression": 0}]}, "gate.champion[0].metric is null, expected one"),
        *(
            (
                {"champion": [{"metric": "accuracy", "max_regression": value}]},
                "gate.champion[0].max_regression: a difference in accuracy is",
            )
            for value in NO_SHARES
        ),
        ({"limits": {"max_size": 1}}, "gate.limits has 'max_size', expected only max_latency_ms"),
        *(({"limits": {"max_latency_ms": v}}, "gate.limits.max_latency_ms is") for v in (-1, "a")),
        *(
            ({"thresholds": [ACCURATE], "confidence_level": v}, "gate.confidence_level is")
            for v in (0, 0.4, 1, 95, "0.95", True, None, math.nan)
        ),
        *(
            ({"thresholds": [ACCURATE], "unscorable_champion": v}, "gate.unscorable_champion is")
            for v in ("ignore", None, True, ["register"])
        ),
        ({"thresholds": [ACCURATE] * 51}, "gate has 51 rules, expected at most 50"),
    ],
    ids=lambda _: "case",
)
def test_a_rule_that_cannot_be_applied_is_named(gate, said):
    with pytest.raises(MetricError) as refused:
        parse_gate(gate)
    assert str(refused.value).startswith(said)


def test_automatic_approval_is_off_unless_it_is_enabled():
    assert parse_auto_approve(None) is None
    assert parse_auto_approve({}) is None
    assert parse_auto_approve({"enabled": False, "thresholds": [ACCURATE]}) is None
    rules = parse_auto_approve({"enabled": True, "thresholds": [ACCURATE]})
    assert rules is not None
    assert rules.absolute == (Threshold("accuracy", ">=", 0.85),)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ([], "registry.auto_approve is a list"),
        ({"enabled": True}, "registry.auto_approve has no rule"),
        ({"enabled": 1}, "registry.auto_approve.enabled is 1, expected true or false"),
        ({"confidence_level": 0.9}, "registry.auto_approve has 'confidence_level'"),
        ({"thresholds": [{}]}, "registry.auto_approve.thresholds[0].metric is null"),
    ],
)
def test_rules_of_automatic_approval_are_checked_even_if_it_is_off(settings, said):
    with pytest.raises(MetricError) as refused:
        parse_auto_approve(settings)
    assert str(refused.value).startswith(said)


def test_the_guides_own_rules_are_taken():
    gate, registry = (
        tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", GUIDE.read_text(), re.S)
    )
    assert len(parse_gate(gate["gate"]).rules.absolute) == 6
    assert parse_auto_approve(registry["registry"]["auto_approve"])
