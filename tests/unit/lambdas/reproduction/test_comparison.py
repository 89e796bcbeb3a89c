"""Two evaluations held against each other: reproduced only where all that counts is equal."""

import copy

import pytest

from lambdas.reproduction.comparison import DIFFERS, REPRODUCED, compare
from tests.unit.lambdas.evaluations import BLOCK, against, evaluation

RUN = "digits-0123456789ab"


def evaluated(digest="ab" * 32, **more):
    model = {"size_bytes": 2_500_000, "weights_sha256": digest, "latency_ms": {"median": 12.5}}
    return evaluation(**{"model": model, "calibration": {"bins": [{"count": 3}]}, **more})


def test_the_same_evaluation_reproduces():
    decision = compare(evaluated(), evaluated(), RUN)
    assert decision.decision == REPRODUCED
    assert decision.reason == f"the weights and 2 metrics are those of run {RUN}, bit for bit"
    assert all(verdict.held for verdict in decision.rules)
    assert decision.metrics == {"accuracy": 0.91, "loss": 0.25}


def test_size_latency_and_champion_may_differ():
    other = evaluated(**against())
    other["model"] |= {"size_bytes": 1, "latency_ms": {"median": 99.0}}
    assert compare(evaluated(), other, RUN).decision == REPRODUCED
    assert compare(other, evaluated(), RUN).decision == REPRODUCED


def test_a_difference_is_named_with_its_amount():
    other = evaluated()
    other[BLOCK]["accuracy"] = {**other[BLOCK]["accuracy"], "value": 0.9111}
    decision = compare(other, evaluated(), RUN)
    assert decision.decision == DIFFERS
    assert decision.reason == "accuracy 0.9111 instead of 0.91 (+0.0011)"


def test_the_last_bit_counts():
    decision = compare(evaluated(loss=0.1 + 0.2), evaluated(loss=0.3), RUN)
    assert decision.decision == DIFFERS
    assert "(+5.55e-17)" in decision.reason


def test_other_weights_differ_whatever_the_metrics_say():
    decision = compare(evaluated("cd" * 32), evaluated(), RUN)
    assert decision.decision == DIFFERS
    assert decision.reason == "weights_sha256 cdcdcdcdcdcd instead of abababababab"


@pytest.mark.parametrize("model", [None, {}, {"weights_sha256": None}, {"weights_sha256": ""}])
def test_weights_that_nobody_wrote_down_are_never_the_same(model):
    decision = compare(evaluated(model=model), evaluated(model=model), RUN)
    assert decision.decision == DIFFERS
    assert "weights_sha256 missing instead of one that is missing" in decision.reason


def without(name):
    changed = copy.deepcopy(evaluated())
    del changed[BLOCK][name]
    return changed


def test_a_metric_that_only_one_has_differs():
    assert compare(without("loss"), evaluated(), RUN).reason == "loss is missing here"
    assert compare(evaluated(), without("loss"), RUN).reason == "loss is missing in the original"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (("per_class", "1", "recall", "value"), "per_class.1.recall.value 5 instead of 0.9"),
        (("dataset", "test_samples"), "dataset.test_samples 5 instead of 10000"),
        (("calibration", "bins", 0, "count"), "calibration.bins.0.count 5 instead of 3"),
        (
            (BLOCK, "confusion_matrix", "0"),
            f"{BLOCK}.confusion_matrix.0 5 instead of an object",
        ),
    ],
)
def test_the_rest_of_the_evaluation_is_compared_too(path, reason):
    changed = copy.deepcopy(evaluated())
    part = changed
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = 5
    decision = compare(changed, evaluated(), RUN)
    assert (decision.decision, decision.reason) == (DIFFERS, reason)


def test_null_is_not_nothing_at_all():
    decision = compare(evaluated(later=None), evaluated(), RUN)
    assert (decision.decision, decision.reason) == (DIFFERS, "later null instead of 'missing'")


@pytest.mark.parametrize("broken", [None, [], {}, {BLOCK: 3}])
def test_what_is_malformed_differs_and_says_whose_it_is(broken):
    assert "of this run: " in compare(broken, evaluated(), RUN).reason
    decision = compare(evaluated(), broken, RUN)
    assert decision.decision == DIFFERS
    assert f"of run {RUN}: " in decision.reason
