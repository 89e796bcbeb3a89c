"""What ApproveModel returns and writes down."""

import json

import pytest

from lambdas.approve_model import approve_model
from lambdas.errors import AccessDeniedError, ThrottlingError

BUCKET = "retrain-dev-123456789012-us-east-1"
RUN = "runs/fashion-mnist-0123456789ab"
RULE = {"rule": "accuracy >= 0.9", "metric": "accuracy", "value": 0.91, "bound": 0.9, "held": True}
HELD = {"approved": True, "reason": "accuracy 0.910 >= 0.900", "rules": [RULE]}


@pytest.fixture
def version(sagemaker) -> str:
    return sagemaker.register("fashion-mnist", None, "PendingManualApproval")


@pytest.fixture
def asked(event, version):
    """Return a function that makes the event of a run whose rules said that."""

    def make(auto_approve):
        found = event("check_metrics")
        status = (
            "Approved" if auto_approve and auto_approve["approved"] else "PendingManualApproval"
        )
        answer = {"decision": "register", "reason": "accuracy 0.910 >= 0.850", "rules": []}
        found["run"] |= {
            "quality_gate": answer | {"approval_status": status, "auto_approve": auto_approve},
            "registration": {"model_package_arn": version},
            "champion": {"model_package_arn": None, "model_sha256": "none"},
            "model_package_group": "fashion-mnist",
        }
        return found

    return make


def test_a_version_whose_rules_hold_is_approved_and_the_decision_stands(s3, sagemaker, asked):
    given = asked(HELD)
    assert approve_model(given, s3=s3, sagemaker=sagemaker) == given["run"]["quality_gate"]
    (package,) = sagemaker.groups["fashion-mnist"]
    assert package["ModelApprovalStatus"] == "Approved"
    assert s3.called("PutObject") == []


@pytest.mark.parametrize("rules", [None, HELD | {"approved": False}])
def test_a_version_whose_rules_do_not_hold_is_left_alone(s3, sagemaker, asked, rules):
    given = asked(rules)
    assert approve_model(given, s3=s3, sagemaker=sagemaker) == given["run"]["quality_gate"]
    assert sagemaker.calls == s3.calls == []


def test_a_version_that_is_not_approved_says_why_everywhere(s3, sagemaker, asked):
    sagemaker.register("fashion-mnist", None)
    answer = approve_model(asked(HELD), s3=s3, sagemaker=sagemaker)
    why = "version 2 is the champion now, the model was measured against none"
    assert answer["approval_status"] == "PendingManualApproval"
    assert answer["auto_approve"] == {
        "approved": False,
        "reason": f"not approved by rule: {why}",
        "rules": [RULE],
    }
    written = json.loads(s3.content(BUCKET, f"{RUN}/decision.json"))
    assert written.items() >= answer.items()
    assert written["run_id"] == "fashion-mnist-0123456789ab"
    assert written["gate"]["thresholds"]
    page = s3.content(BUCKET, f"{RUN}/report.html").decode()
    assert "waits for a person" in page
    assert why in page
    assert why in sagemaker.groups["fashion-mnist"][0]["ApprovalDescription"]


def test_throttling_and_what_is_denied_are_named(s3, sagemaker, asked):
    sagemaker.refuse("ListModelPackages", "ThrottlingException", 400)
    with pytest.raises(ThrottlingError):
        approve_model(asked(HELD), s3=s3, sagemaker=sagemaker)
    sagemaker.refuse("ListModelPackages", "AccessDeniedException", 400)
    with pytest.raises(AccessDeniedError, match="AccessDenied"):
        approve_model(asked(HELD), s3=s3, sagemaker=sagemaker)
