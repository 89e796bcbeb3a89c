import unicodedata
from dataclasses import replace

import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from lambdas.gate.gate import AutoApproval, Decision
from lambdas.gate.verdicts import Verdict
from lambdas.report.metadata import customer_metadata, description
from tests.fakes.service import operations


@pytest.fixture
def run(event) -> dict:
    return event("check_metrics")["run"]


def decision(metrics: dict[str, float], *judged: str, reason: str = "fine") -> Decision:
    rules = tuple(Verdict(f"{name} >= 0", name, 1, 0, True, f"{name} 1 >= 0") for name in judged)
    return Decision("register", reason, rules, metrics)


def assert_registry_takes(metadata: dict[str, str]) -> None:
    """Hold the pairs against the shape of CustomerMetadataProperties, pattern and all."""
    shape = operations("sagemaker")["create_model_package"].input_shape
    shape = shape.members["CustomerMetadataProperties"]
    assert not ParamValidator().validate(metadata, shape).has_errors()
    assert len(metadata) <= shape.metadata["max"]
    for texts, limits in (
        (metadata, shape.key.metadata),
        (metadata.values(), shape.value.metadata),
    ):
        for text in texts:
            assert limits["min"] <= len(text) <= limits["max"]
            # ([\p{L}\p{Z}\p{N}_.:\/=+\-@]*): letters, separators, digits and these
            assert all(unicodedata.category(c)[0] in "LZN" or c in "_.:/=+-@" for c in text)


@given(name=st.text(min_size=1, max_size=200))
def test_whatever_the_data_set_is_called_the_registry_takes_its_description(name):
    run = {"run_id": "r" * 40, "dataset": {"name": name}}
    found = description(run)
    # [\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]*
    assert all(unicodedata.category(c)[0] in "LMZSNP" for c in found)
    assert len(found) <= 1024


@pytest.mark.parametrize(
    ("name", "said"), [("fashion mnist, v2 (数字)",) * 2, ("cafe\u200dteam", "cafe-team")]
)
def test_a_description_says_as_much_as_it_may(name, said):
    assert (
        description({"run_id": "digits-1", "dataset": {"name": name}}) == f"Run digits-1 on {said}"
    )


def test_a_run(run):
    metadata = customer_metadata(run, decision({"accuracy": 0.91, "loss": 0.25}, "accuracy"))
    assert_registry_takes(metadata)
    assert metadata == {
        "run_id": "fashion-mnist-0123456789ab",
        "execution_arn": run["execution_arn"],
        "dataset_fingerprint": run["dataset"]["fingerprint"],
        "code_sha256": run["code"]["sha256"],
        "report": run["paths"]["report"],
        "dataset": "fashion-mnist",
        "decision": "register",
        "decision_reason": "fine",
        "hyperparameter.epochs": "10",
        "hyperparameter.batch-size": "64",
        "hyperparameter.learning-rate": "0.001",
        "hyperparameter.seed": "42",
        "rule.1": "held: accuracy 1 at least 0",
        "metric.accuracy": "0.91",
        "metric.loss": "0.25",
    }


def test_a_model_that_an_earlier_run_trained_says_so(run):
    assert "trained_by" not in customer_metadata(run, decision({}))
    run["training_job"] = {"reused_from": "an-earlier"}
    assert customer_metadata(run, decision({}))["trained_by"] == "an-earlier"


def test_a_reason_stays_readable_without_the_signs_that_the_registry_refuses(run):
    reason = "accuracy 0.909 >= 0.850; loss 0.280 <= 0.600; no champion yet"
    metadata = customer_metadata(run, decision({}, reason=reason))
    assert_registry_takes(metadata)
    assert metadata["decision_reason"] == (
        "accuracy 0.909 at least 0.850 / loss 0.280 at most 0.600 / no champion yet"
    )


def test_each_rule_is_told_of_in_letters_that_the_registry_takes(run):
    said = (
        "accuracy 0.910 against the champion's 0.900: gain 0.010 [-0.002, 0.022], "
        "an improvement of 0.005 not shown"
    )
    rules = (
        Verdict("a", "accuracy", 0.01, 0.005, False, said),
        Verdict("b", "accuracy", None, 0.0, None, "no champion yet"),
    )
    metadata = customer_metadata(run, Decision("register", "fine", rules))
    assert_registry_takes(metadata)
    assert metadata["rule.1"] == (
        "not held: accuracy 0.910 against the champion 0.900: gain 0.010 "
        "between -0.002 and 0.022- an improvement of 0.005 not shown"
    )
    assert metadata["rule.2"] == "not judged: no champion yet"


def test_automatic_approval_gives_its_reason(run):
    approval = AutoApproval(True, "accuracy 0.910 >= 0.900")
    metadata = customer_metadata(run, Decision("register", "fine", auto_approval=approval))
    assert_registry_takes(metadata)
    assert metadata["auto_approve"] == "yes: accuracy 0.910 at least 0.900"
    waiting = AutoApproval(False, "no champion yet")
    metadata = customer_metadata(run, Decision("register", "fine", auto_approval=waiting))
    assert metadata["auto_approve"] == "no: no champion yet"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("café thé", "café thé"),
        ("数字", "数字"),
        ("a,b;c", "a-b-c"),
        ("a\u2003b", "a b"),
        ("\u200d😀", "--"),
        ("x" * 300, "x" * 256),
    ],
)
def test_descriptions_are_made_to_fit(run, name, expected):
    run["dataset"]["name"] = name
    metadata = customer_metadata(run, decision({}, reason="accuracy 0.9 >= 0.8; loss < 1\n" * 20))
    assert_registry_takes(metadata)
    assert metadata["dataset"] == expected


def test_identities_are_whole_or_left_out(run):
    run["execution_arn"] += "x" * 200
    run["champion"]["model_package_arn"] = "arn:aws:sagemaker:::model-package/group/1"
    metadata = customer_metadata(run, decision({}))
    assert "execution_arn" not in metadata
    assert metadata["champion"] == "arn:aws:sagemaker:::model-package/group/1"
    assert "champion" not in customer_metadata(
        run | {"champion": {"model_package_arn": "not allowed!"}}, decision({})
    )


def test_the_digest_of_the_model_is_kept(run):
    assert "model_sha256" not in customer_metadata(run, decision({}))
    found = replace(decision({}), model_sha256="0" * 64)
    assert customer_metadata(run, found)["model_sha256"] == "0" * 64


def test_judged_metrics_come_before_the_limit_of_pairs(run):
    metrics = {f"metric_{number}": float(number) for number in range(100)}
    metadata = customer_metadata(run, decision(metrics, "metric_99", "metric_98"))
    assert_registry_takes(metadata)
    assert len(metadata) == 50
    assert metadata["metric.metric_99"] == "99.0"
    assert "metric.metric_97" not in metadata


def test_many_hyperparameters_do_not_break_the_limit(run):
    run["hyperparameters"] = {f"parameter-{number}{'x' * 200}": "1" for number in range(100)}
    assert_registry_takes(customer_metadata(run, decision({"accuracy": 0.9})))
