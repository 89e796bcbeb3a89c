import json
import math

import pytest

from lambdas.gate import decide

GATE = {
    "thresholds": [
        {"metric": "accuracy", "op": ">=", "value": 0.85},
        {"metric": "loss", "op": "<=", "value": 0.5},
    ],
    "champion_metric": "accuracy",
    "min_improvement": 0.01,
}
CHAMPION = "arn:aws:sagemaker:us-east-1:123456789012:model-package/fashion-mnist/1"
NUMBERLESS = [
    None,
    True,
    "0.99",
    math.nan,
    math.inf,
    -math.inf,
    1e16,
    10**5000,
    [0.9],
    {"value": 0.9},
    1.0001,
    -0.1,
]


def evaluation(accuracy: object = 0.91, loss: object = 0.25, **more: object) -> dict:
    metrics = {
        "accuracy": {"value": accuracy, "standard_deviation": 0.003},
        "loss": {"value": loss, "standard_deviation": 0.01},
        "confusion_matrix": {"0": {"0": 5, "1": 1}},
    }
    return {
        "multiclass_classification_metrics": metrics,
        "dataset": {"test_samples": 10_000},
        "champion": None,
        **more,
    }


def scored(accuracy: object, **more: object) -> dict:
    block = {"accuracy": {"value": accuracy}, "loss": {"value": 0.3}}
    champion = {"model_package_arn": CHAMPION, "multiclass_classification_metrics": block}
    return {"champion": champion | more}


def gate(*thresholds: object, **more: object) -> dict:
    return GATE | {"thresholds": list(thresholds) or GATE["thresholds"]} | more


def test_a_model_that_holds_every_threshold_is_registered():
    decision = decide(evaluation(), GATE, None)
    assert decision.decision == "register"
    assert decision.reason == "accuracy 0.910 >= 0.850; loss 0.250 <= 0.500; no champion yet"
    assert decision.as_state() == {
        "decision": "register",
        "reason": decision.reason,
        "metrics": {"accuracy": 0.91, "loss": 0.25},
        "rules": [
            {
                "rule": "accuracy >= 0.85",
                "metric": "accuracy",
                "value": 0.91,
                "bound": 0.85,
                "held": True,
            },
            {
                "rule": "loss <= 0.5",
                "metric": "loss",
                "value": 0.25,
                "bound": 0.5,
                "held": True,
            },
        ],
    }


def test_exactly_at_the_threshold_holds():
    assert decide(evaluation(0.85, 0.5), GATE, None).decision == "register"
    assert decide(evaluation(math.nextafter(0.85, 0), 0.5), GATE, None).decision == "reject"
    assert decide(evaluation(0.85, math.nextafter(0.5, 1)), GATE, None).decision == "reject"


@pytest.mark.parametrize(
    ("accuracy", "loss", "reason"),
    [
        (0.5, 0.25, "accuracy 0.500 < 0.850 required"),
        (0.91, 0.7, "loss 0.700 > 0.500 allowed"),
        (0.5, 0.7, "accuracy 0.500 < 0.850 required; loss 0.700 > 0.500 allowed"),
        (0.8499, 0.25, "accuracy 0.8499 < 0.8500 required"),
        (0.84999999, 0.25, "accuracy 0.84999999 < 0.85000000 required"),
        (1e-7, 0.25, "accuracy 0.0000001 < 0.8500000 required"),
        (math.nextafter(0.85, 0), 0.25, "accuracy 0.8499999999999999 < 0.85 required"),
    ],
)
def test_the_reason_for_a_reject_is_readable(accuracy, loss, reason):
    decision = decide(evaluation(accuracy, loss), GATE, None)
    assert (decision.decision, decision.reason) == ("reject", reason)


def test_a_bound_is_shown_as_it_was_written():
    gate = GATE | {"thresholds": [{"metric": "accuracy", "op": ">=", "value": 0.9999}]}

    assert decide(evaluation(0.969, 0.1), gate, None).reason == "accuracy 0.9690 < 0.9999 required"


@pytest.mark.parametrize("value", NUMBERLESS, ids=lambda _: "case")
@pytest.mark.parametrize("name", ["accuracy", "loss"])
def test_a_metric_that_is_no_plausible_number_never_passes(name, value):
    if name == "loss" and value == 1.0001:
        value = -1e-9
    lenient = gate(
        {"metric": "accuracy", "op": ">=", "value": 0},
        {"metric": "loss", "op": "<=", "value": 1e15},
    )
    decision = decide(evaluation(**{name: value}), lenient, None)
    assert decision.decision == "reject"
    assert decision.reason.startswith(f"{name} is ")
    assert name not in decision.metrics
    json.dumps(decision.as_state(), allow_nan=False)


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (None, "evaluation.json is null, expected an object"),
        ([], "evaluation.json is a list, expected an object"),
        ({}, "evaluation.json has none of multiclass_classification_metrics"),
        (evaluation(multiclass_classification_metrics=None), "is null, expected an object"),
        (evaluation(regression_metrics={}), "want one"),
        (evaluation(dataset={"test_samples": 0}), "test_samples is 0, expected a whole number"),
        (evaluation(dataset={"test_samples": True}), "test_samples is True"),
        (evaluation(dataset=None), "dataset is null, expected an object"),
        (evaluation(dataset=70_000), "dataset is 70000, expected an object"),
        (evaluation(multiclass_classification_metrics={}), "accuracy is missing"),
        (
            evaluation(multiclass_classification_metrics={"accuracy": 0.99}),
            'accuracy is 0.99, expected {"value": number}',
        ),
        (
            evaluation(multiclass_classification_metrics={"accuracy": {"value": 0.99}}),
            "loss is missing from evaluation.json",
        ),
    ],
)
def test_a_malformed_evaluation_never_passes(found, reason):
    decision = decide(found, GATE, None)
    assert decision.decision == "reject"
    assert reason in decision.reason


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        (None, "gate is null"),
        ({}, "gate.thresholds is null, expected at least one rule"),
        (GATE | {"thresholds": []}, "gate.thresholds is a list, expected at least one rule"),
        (GATE | {"thresholds": GATE["thresholds"][0]}, "gate.thresholds is an object"),
        (gate("accuracy >= 0.85"), "gate.thresholds[0] is 'accuracy >= 0.85', expected"),
        (gate({"metric": "accuracy", "op": ">="}), "gate.thresholds[0] is an object, expected"),
        (gate({"metric": "accuracy", "op": ">=", "value": 0, "or": 1}), "expected an object of"),
        (gate({"metric": "accuracy", "op": ">", "value": 0}), "op is '>', expected >= or <="),
        (gate({"metric": "accuracy", "op": [], "value": 0}), "op is a list, expected >= or <="),
        (gate({"metric": None, "op": ">=", "value": 0}), "metric is null, expected a name"),
        (gate({"metric": "f7", "op": ">=", "value": 0}), "f7 is missing from evaluation.json"),
        (gate({"metric": "confusion_matrix", "op": ">=", "value": 0}), "confusion_matrix is an"),
        (gate(champion_metric=None), "gate.champion_metric is null"),
        (gate(champion_metric="f1"), "f1 is missing from evaluation.json"),
        *((gate(min_improvement=value), "gate.min_improvement is") for value in NUMBERLESS[:8]),
        (gate(min_improvement=-0.1), "gate.min_improvement is -0.1, expected a number >= 0"),
        *(
            (gate({"metric": "accuracy", "op": ">=", "value": v}), "gate.thresholds[0].value: acc")
            for v in NUMBERLESS
        ),
    ],
    ids=lambda _: "case",
)
def test_a_malformed_rule_never_passes(rules, reason):
    decision = decide(evaluation(0.99, 0.01), rules, None)
    assert decision.decision == "reject"
    assert reason in decision.reason


@pytest.mark.parametrize(
    ("champion", "decision"),
    [(0.91, "keep_champion"), (0.9001, "keep_champion"), (0.9, "register"), (0.5, "register")],
)
def test_the_champion_must_be_beaten_by_the_improvement_asked_for(champion, decision):
    # 0.91 - 0.9 is less than 0.01 in binary floating point, and exactly 0.01 on paper.
    found = decide(evaluation(0.91, **scored(champion)), GATE, CHAMPION)
    assert found.decision == decision
    assert found.rules[-1].bound == champion
    assert found.rules[-1].held == (decision == "register")


def test_the_reason_tells_of_the_champion():
    kept = decide(evaluation(0.91, **scored(0.905)), GATE, CHAMPION)
    assert kept.reason == "accuracy 0.910 against the champion's 0.905: gain 0.005 < 0.01 asked"
    worse = decide(evaluation(0.9, **scored(0.905)), GATE, CHAMPION)
    assert worse.reason.endswith("gain -0.005 < 0.01 asked")
    won = decide(evaluation(0.93, **scored(0.905)), GATE, CHAMPION)
    assert won.reason.endswith("gain 0.025 >= 0.01 asked")


def test_less_loss_is_better():
    rules = gate(champion_metric="loss")
    champion = scored(0.9)
    assert decide(evaluation(0.91, 0.29, **champion), rules, CHAMPION).decision == "register"
    assert decide(evaluation(0.91, 0.30, **champion), rules, CHAMPION).decision == "keep_champion"


def test_thresholds_come_before_the_champion():
    assert decide(evaluation(0.5, **scored(0.1)), GATE, CHAMPION).decision == "reject"


@pytest.mark.parametrize(
    "champion",
    [
        {"champion": None},
        {"champion": "first"},
        {"champion": {"model_package_arn": CHAMPION, "error": "cannot copy: 404"}},
        {"champion": {"model_package_arn": CHAMPION}},
        scored(0.1, model_package_arn="another"),
        scored(0.1, error="its classes differ"),
        scored(0.1, multiclass_classification_metrics={}),
        *(scored(value) for value in NUMBERLESS),
    ],
    ids=lambda _: "case",
)
def test_a_champion_that_could_not_be_scored_is_kept(champion):
    decision = decide(evaluation(0.99, **champion), GATE, CHAMPION)
    assert decision.decision == "keep_champion"
    assert decision.reason.startswith(f"champion {CHAMPION} could not be scored: ")
    assert decision.reason.endswith("; not replaced unmeasured")
    assert decision.reason.isprintable()


def test_an_evaluation_without_the_runs_champion_does_not_pass_as_having_none():
    found = evaluation(0.99)
    del found["champion"]
    assert decide(found, GATE, CHAMPION).decision == "keep_champion"
    assert decide(found, GATE, None).decision == "register"


def test_hostile_text_stays_on_one_short_line():
    champion = {"model_package_arn": CHAMPION, "error": "a\x1b[31m\nb\u2028c" + "x" * 5000}
    decision = decide(evaluation(0.99, champion=champion), GATE, CHAMPION)
    assert decision.reason.isprintable()
    assert len(decision.reason) <= 1000


def test_metrics_are_limited_to_what_a_state_can_carry():
    many = {f"metric_{number}": {"value": number} for number in range(500)}
    odd = {"a b": {"value": 1}, "x" * 65: {"value": 1}}
    found = evaluation()
    found["multiclass_classification_metrics"] |= odd | many
    decision = decide(found, GATE, None)
    assert len(decision.metrics) == 100
    assert not odd.keys() & decision.metrics.keys()
