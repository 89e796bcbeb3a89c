"""What the rules lead to, and in which order."""

import json
import math

import pytest

from lambdas.gate.gate import decide
from tests.unit.lambdas.evaluations import BLOCK, CHAMPION, against, evaluation

THRESHOLDS = [
    {"metric": "accuracy", "op": ">=", "value": 0.85},
    {"metric": "loss", "op": "<=", "value": 0.5},
]
GATE = {
    "thresholds": THRESHOLDS,
    "champion": [{"metric": "accuracy", "min_improvement": 0.005, "max_regression": 0.01}],
}
FLOOR = {"per_class": {"min_recall": 0.85}}
LIMIT = {"limits": {"max_latency_ms": 10}}
UNSCORED = {"champion": {"model_package_arn": CHAMPION, "error": "it knows 9 classes, not 10"}}
MUCH_BETTER = against(interval=(0.08, 0.1), new=0.99)
APPROVING = {"enabled": True, "thresholds": [{"metric": "accuracy", "op": ">=", "value": 0.9}]}


def test_a_model_that_holds_every_rule_is_registered():
    decision = decide(evaluation(), GATE, None)
    assert decision.decision == "register"
    assert decision.reason == "accuracy 0.910 >= 0.850; loss 0.250 <= 0.500; no champion yet"
    state = decision.as_state()
    assert state["approval_status"] == "PendingManualApproval"
    assert state["auto_approve"] is None
    assert state["metrics"] == {"accuracy": 0.91, "loss": 0.25}
    assert state["rules"][0] == {
        "rule": "accuracy >= 0.85",
        "metric": "accuracy",
        "value": 0.91,
        "bound": 0.85,
        "held": True,
        "said": "accuracy 0.910 >= 0.850",
    }


def test_the_digest_of_the_model_is_handed_on():
    assert decide(evaluation(model={"sha256": "0" * 64}), GATE, None).model_sha256 == "0" * 64


@pytest.mark.parametrize("model", [{"sha256": "0" * 64 + "\n"}, {"sha256": ["0"]}, {}, "model"])
def test_a_model_without_a_digest_is_a_reject(model):
    decision = decide(evaluation(model=model), GATE, None)
    assert (decision.decision, decision.model_sha256) == ("reject", None)
    assert decision.reason.startswith("model.sha256 is no digest")
    assert [rule.held for rule in decision.rules] == [True, True, None, None]


def test_the_rules_on_the_champion_are_listed_while_there_is_none():
    *_, improvement, regression = decide(evaluation(), GATE, None).as_state()["rules"]
    assert improvement["rule"] == "accuracy at least 0.005 better than the champion's"
    assert regression["rule"] == "accuracy at most 0.01 worse than the champion's"
    for rule in (improvement, regression):
        assert (rule["held"], rule["said"]) == (None, "no champion yet")


def test_a_verdict_on_the_champion_carries_its_interval():
    found = evaluation(**against(interval=(0.0051, 0.019)))
    improvement = decide(found, GATE, CHAMPION).as_state()["rules"][2]
    assert improvement["held"] is True
    assert (improvement["low"], improvement["high"]) == (0.0051, 0.019)
    assert improvement["bound"] == 0.005
    assert improvement["value"] == pytest.approx(0.01)


def test_all_rules_are_judged_whichever_breaks_first():
    found = evaluation(0.5, 0.7, **against(0.9, (-0.41, -0.39), 0.5, 0.7))
    decision = decide(found, GATE | FLOOR | LIMIT, CHAMPION)
    assert decision.decision == "reject"
    assert [verdict.held for verdict in decision.rules] == [False] * 6
    assert "champion" not in decision.reason
    assert decision.reason.startswith("accuracy 0.500 < 0.850 required; loss 0.700 > 0.500 allowed")


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (FLOOR, "recall of class 2 0.800 < 0.850 required"),
        (LIMIT, "latency_ms 12.500 > 10.000 allowed"),
    ],
)
def test_a_floor_or_a_limit_that_does_not_hold_is_a_reject(rule, reason):
    decision = decide(evaluation(**against(0.5, (0.4, 0.42))), GATE | rule, CHAMPION)
    assert (decision.decision, decision.reason) == ("reject", reason)


def test_a_rule_on_the_champion_that_does_not_hold_keeps_the_champion():
    decision = decide(evaluation(**against()), GATE, CHAMPION)
    assert decision.decision == "keep_champion"
    assert decision.reason == (
        "accuracy 0.910 against the champion's 0.900: gain 0.010 [0.001, 0.019], "
        "an improvement of 0.005 not shown"
    )


def test_the_champions_own_model_is_not_registered_again():
    digest = "a" * 64
    same = against(0.91, (0.0, 0.0), model={"sha256": digest})
    decision = decide(
        evaluation(model={"sha256": digest}, **same), {"thresholds": THRESHOLDS}, CHAMPION
    )
    assert decision.decision == "keep_champion"
    assert decision.reason == f"the model is the champion's own, byte for byte: sha256 {digest}"


@pytest.mark.parametrize("theirs", [{"sha256": "b" * 64}, {}, None, "a" * 64])
def test_a_model_that_equals_the_champion_in_its_scores_alone_is_another_one(theirs):
    found = evaluation(**against(0.91, (0.0, 0.0), model=theirs))
    assert decide(found, {"thresholds": THRESHOLDS}, CHAMPION).decision == "register"


@pytest.mark.parametrize("otherwise", ["keep_champion", "register", "reject"])
def test_a_champion_that_cannot_be_scored_is_decided_by_rule(otherwise):
    decision = decide(evaluation(**UNSCORED), GATE | {"unscorable_champion": otherwise}, CHAMPION)
    assert decision.decision == otherwise
    assert CHAMPION in decision.reason
    assert "it knows 9 classes, not 10" in decision.reason
    verdict = decision.rules[2]
    assert verdict.rule == f'unscorable_champion = "{otherwise}"'
    assert verdict.held == (otherwise == "register")
    assert [later.held for later in decision.rules[3:]] == [None, None]


def test_a_champion_that_cannot_be_scored_is_kept_unless_the_rules_say_otherwise():
    assert decide(evaluation(**UNSCORED), GATE, CHAMPION).decision == "keep_champion"
    only_thresholds = {"thresholds": THRESHOLDS}
    assert decide(evaluation(**UNSCORED), only_thresholds, CHAMPION).decision == "keep_champion"


def test_a_bad_model_is_rejected_whatever_happens_to_a_champion_that_cannot_be_scored():
    gate = GATE | {"unscorable_champion": "register"}
    assert decide(evaluation(0.5, **UNSCORED), gate, CHAMPION).decision == "reject"


@pytest.mark.parametrize(
    "champion",
    [
        {"champion": None},
        {"champion": "first"},
        {"champion": {}},
        {"champion": {"error": "no ARN"}},
        {"champion": {"model_package_arn": CHAMPION}},
        MUCH_BETTER | {"champion": MUCH_BETTER["champion"] | {"model_package_arn": "another"}},
        against(model_package_arn="another", error="not ours"),
        against(comparison=None),
        against(**{BLOCK: {}}),
    ],
    ids=lambda _: "case",
)
def test_an_evaluation_that_does_not_tell_of_the_runs_champion_keeps_it(champion):
    # It is the evaluation that is broken, so what is allowed for a broken champion does not apply.
    gate = GATE | {"unscorable_champion": "register"}
    decision = decide(evaluation(0.99, **champion), gate, CHAMPION)
    assert decision.decision == "keep_champion"
    assert decision.reason.endswith("; not replaced unmeasured")


@pytest.mark.parametrize("champion", [{}, {BLOCK: None}, {BLOCK: 5, "comparison": {}}])
def test_a_champion_without_its_metrics_is_not_replaced_unmeasured(champion):
    # No rule speaks of the champion; it was not measured all the same.
    found = evaluation(champion={"model_package_arn": CHAMPION, **champion})
    decision = decide(found, {"thresholds": THRESHOLDS}, CHAMPION, APPROVING)
    assert (decision.decision, decision.approval_status) == (
        "keep_champion",
        "PendingManualApproval",
    )
    assert decision.reason.endswith("; not replaced unmeasured")


def test_an_evaluation_with_a_champion_that_the_run_does_not_know_registers_nothing():
    assert decide(evaluation(**against(0.5, (0.4, 0.42))), GATE, None).decision == "keep_champion"
    assert decide(evaluation(champion={}), GATE, None).decision == "keep_champion"


def test_an_evaluation_without_the_runs_champion_does_not_pass_as_having_none():
    found = evaluation(0.99)
    del found["champion"]
    assert decide(found, GATE, CHAMPION).decision == "keep_champion"
    assert decide(found, GATE, None).decision == "register"


def test_a_metric_of_the_champions_rules_must_be_there_without_a_champion_too():
    gate = {"champion": [{"metric": "macro_f1", "max_regression": 0.1}]}
    decision = decide(evaluation(), gate, None)
    assert decision.decision == "reject"
    assert decision.reason == "macro_f1 is missing from evaluation.json"


def without(name, **more):
    """An evaluation whose block lacks a metric, or has something else in its place."""
    block = {key: value for key, value in evaluation()[BLOCK].items() if key != name}
    return evaluation(**{BLOCK: block | more})


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (None, "evaluation.json is null, expected an object"),
        ([], "evaluation.json is a list, expected an object"),
        ({}, "evaluation.json has none of multiclass_classification_metrics"),
        (evaluation(**{BLOCK: None}), "is null, expected an object"),
        (evaluation(regression_metrics={}), "want one"),
        (evaluation(dataset={"test_samples": 0}), "test_samples is 0, expected a whole number"),
        (evaluation(dataset={"test_samples": True}), "test_samples is True"),
        (evaluation(dataset=None), "dataset is null, expected an object"),
        (evaluation(dataset=70_000), "dataset is 70000, expected an object"),
        (evaluation(**{BLOCK: {}}), "confusion_matrix is null, expected a row for each class"),
        (without("accuracy"), "accuracy is missing"),
        (evaluation(dataset={}), "test_samples is null"),
        (without("accuracy", accuracy=0.99), 'accuracy is 0.99, expected {"value": number}'),
    ],
)
def test_a_malformed_evaluation_never_passes(found, reason):
    decision = decide(found, GATE, None)
    assert decision.decision == "reject"
    assert reason in decision.reason


@pytest.mark.parametrize("gate", [None, {}, {"thresholds": []}, {"thresholds": [{}]}])
def test_a_malformed_gate_never_passes(gate):
    decision = decide(evaluation(0.99, 0.01), gate, None)
    assert decision.decision == "reject"
    assert decision.reason.startswith("gate")


def test_a_model_is_approved_if_all_rules_of_automatic_approval_hold():
    decision = decide(evaluation(), GATE, None, APPROVING)
    assert (decision.decision, decision.approval_status) == ("register", "Approved")
    assert decision.as_state()["auto_approve"] == {
        "approved": True,
        "reason": "accuracy 0.910 >= 0.900",
        "rules": [
            {
                "rule": "accuracy >= 0.9",
                "metric": "accuracy",
                "value": 0.91,
                "bound": 0.9,
                "held": True,
                "said": "accuracy 0.910 >= 0.900",
            }
        ],
    }


def test_a_model_that_breaks_a_rule_of_automatic_approval_waits_for_a_person():
    decision = decide(evaluation(0.89), GATE, None, APPROVING)
    assert (decision.decision, decision.approval_status) == ("register", "PendingManualApproval")
    assert decision.as_state()["auto_approve"]["reason"] == "accuracy 0.890 < 0.900 required"


def test_automatic_approval_leaves_a_first_model_to_a_person_if_it_speaks_of_the_champion():
    rules = APPROVING | {"champion": [{"metric": "accuracy", "min_improvement": 0}]}
    first = decide(evaluation(), GATE, None, rules)
    better = decide(evaluation(**against(interval=(0.0051, 0.019))), GATE, CHAMPION, rules)
    assert (first.decision, first.approval_status) == ("register", "PendingManualApproval")
    assert first.as_state()["auto_approve"]["reason"] == "no champion yet"
    assert (better.decision, better.approval_status) == ("register", "Approved")


def test_automatic_approval_never_replaces_a_champion_that_could_not_be_scored():
    gate = GATE | {"unscorable_champion": "register"}
    decision = decide(evaluation(**UNSCORED), gate, CHAMPION, APPROVING)
    assert (decision.decision, decision.approval_status) == ("register", "PendingManualApproval")


@pytest.mark.parametrize(
    "rules",
    [
        None,
        APPROVING | {"enabled": False},
        {"enabled": True},
        APPROVING | {"enabled": "yes"},
        APPROVING | {"thresholds": [{}]},
        [APPROVING],
    ],
)
def test_automatic_approval_that_is_not_enabled_or_malformed_approves_nothing(rules):
    decision = decide(evaluation(), GATE, None, rules)
    assert (decision.decision, decision.approval_status) == ("register", "PendingManualApproval")


def test_what_is_not_registered_is_not_approved():
    kept = decide(evaluation(**against()), GATE, CHAMPION, APPROVING)
    assert (kept.decision, kept.approval_status) == ("keep_champion", "PendingManualApproval")
    assert kept.auto_approval is None


def test_hostile_text_stays_on_one_short_line():
    error = "a\x1b[31m\nb\u2028c" + "x" * 5000
    champion = {"model_package_arn": CHAMPION, "error": error}
    decision = decide(evaluation(0.99, champion=champion), GATE, CHAMPION)
    assert decision.reason.isprintable()
    assert len(decision.reason) <= 1000
    assert all(len(rule["said"]) <= 400 for rule in decision.as_state()["rules"])


def test_metrics_are_limited_to_what_a_state_can_carry():
    many = {f"metric_{number}": {"value": number} for number in range(500)}
    odd = {"a b": {"value": 1}, "x" * 65: {"value": 1}}
    found = evaluation()
    found[BLOCK] |= odd | many
    decision = decide(found, GATE, None)
    assert len(decision.metrics) == 100
    assert not odd.keys() & decision.metrics.keys()


def test_the_largest_decision_fits_into_a_state():
    thresholds = [{"metric": "accuracy", "op": ">=", "value": math.nextafter(0.92, 1)}] * 50
    found = evaluation(math.nextafter(0.92, 0))
    found[BLOCK] |= {"m" * 60 + str(number): {"value": 0.1} for number in range(1000)}
    decision = decide(found, {"thresholds": thresholds}, None)
    assert len(json.dumps(decision.as_state())) < 64 * 1024
