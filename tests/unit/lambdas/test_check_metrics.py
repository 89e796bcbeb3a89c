import json
import logging

import pytest

from lambdas.check_metrics import check_metrics
from lambdas.errors import AccessDeniedError, ThrottlingError
from tests.unit.lambdas.evaluations import evaluation

BUCKET = "retrain-dev-123456789012-us-east-1"
RUN = "runs/fashion-mnist-0123456789ab"
EVALUATION = evaluation()


@pytest.fixture
def judge(s3, event):
    """Return a function that judges the content of evaluation.json."""

    def run(content, **changes):
        if content is not None:
            body = content if isinstance(content, bytes) else json.dumps(content).encode()
            s3.upload(BUCKET, f"{RUN}/evaluation/evaluation.json", body)
        return check_metrics(event("check_metrics") | changes, s3=s3)

    return run


def test_a_good_model_is_registered(judge, s3):
    answer = judge(EVALUATION)
    assert answer["decision"] == "register"
    assert answer["metrics"] == {"accuracy": 0.91, "loss": 0.25}
    assert [rule["held"] for rule in answer["rules"]] == [True, True, None]
    assert answer["approval_status"] == "PendingManualApproval"
    assert answer["customer_metadata"]["metric.accuracy"] == "0.91"
    written = json.loads(s3.content(BUCKET, f"{RUN}/decision.json"))
    assert written.items() >= answer.items()
    assert written["run_id"] == "fashion-mnist-0123456789ab"
    assert written["gate"]["thresholds"][0] == {"metric": "accuracy", "op": ">=", "value": 0.85}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "evaluation.json is missing"),
        (b"\xff\xfe", "evaluation.json is malformed"),
        (b'{"multiclass_classification_metrics": {"accuracy": {"value": NaN}}}', "NaN"),
        (
            b'{"multiclass_classification_metrics": {"accuracy": {"value": 1e999}}}',
            "1e999 is too large",
        ),
        ([], "evaluation.json is a list"),
        ({}, "multiclass_classification_metrics"),
    ],
)
def test_what_cannot_be_judged_is_a_reject_with_its_reason(judge, s3, content, reason):
    answer = judge(content)
    assert answer["decision"] == "reject"
    assert reason in answer["reason"]
    assert json.loads(s3.content(BUCKET, f"{RUN}/decision.json"))["reason"] == answer["reason"]


@pytest.mark.parametrize("gate", [None, {}, {"thresholds": []}])
def test_a_missing_gate_is_a_reject(judge, gate):
    assert judge(EVALUATION, gate=gate)["decision"] == "reject"


def test_the_runs_champion_counts(judge, event):
    run = event("check_metrics")["run"] | {"champion": {"model_package_arn": "arn:champion"}}
    assert judge(EVALUATION, run=run)["decision"] == "keep_champion"


def test_a_model_that_is_good_enough_is_approved_by_rule(judge, s3):
    rules = {"enabled": True, "thresholds": [{"metric": "accuracy", "op": ">=", "value": 0.9}]}
    answer = judge(EVALUATION, auto_approve=rules)
    assert answer["approval_status"] == "Approved"
    written = json.loads(s3.content(BUCKET, f"{RUN}/decision.json"))
    assert written["auto_approve"]["rules"][0]["said"] == "accuracy 0.910 >= 0.900"


def test_the_cost_and_the_report_go_with_the_decision(judge, s3):
    answer = judge(EVALUATION)
    assert answer["cost"]["estimate"] == pytest.approx(0.053)
    written = json.loads(s3.content(BUCKET, f"{RUN}/decision.json"))
    assert written["cost"] == answer["cost"]
    assert answer["customer_metadata"]["report"] == f"s3://{BUCKET}/{RUN}/report.html"
    page = s3.content(BUCKET, f"{RUN}/report.html").decode()
    assert "Passed the gate" in page


def test_a_damaged_report_does_not_change_the_decision(judge, s3):
    s3.upload(BUCKET, f"{RUN}/evaluation/report.html", b"\x00 not a page")
    assert judge(EVALUATION)["decision"] == "register"
    assert "There is no report of the evaluation" in (
        s3.content(BUCKET, f"{RUN}/report.html").decode()
    )


def test_the_decision_is_logged(judge, caplog):
    with caplog.at_level(logging.INFO, "lambdas"):
        answer = judge(EVALUATION)
    assert caplog.records[-1].reason == answer["reason"]


@pytest.mark.parametrize("call", ["GetObject", "PutObject"])
def test_errors_of_s3_are_raised(judge, s3, call):
    s3.refuse(call, "SlowDown", 503)
    with pytest.raises(ThrottlingError, match="SlowDown"):
        judge(EVALUATION)
    s3.refuse(call, "AccessDenied", 403)
    with pytest.raises(AccessDeniedError, match="AccessDenied"):
        judge(EVALUATION)


@pytest.fixture
def reproduce(judge, s3, event):
    """Return a function that judges a run against the evaluation of its original."""

    def run(content, original):
        if original is not None:
            body = json.dumps(original).encode()
            s3.upload(BUCKET, "runs/original/evaluation/evaluation.json", body)
        return judge(content, run=event("check_metrics")["run"] | {"reproduces": "original"})

    return run


def with_weights(digest, accuracy=0.91):
    scores = {"accuracy": {"value": accuracy}, "loss": {"value": 0.25}}
    return {
        "multiclass_classification_metrics": scores,
        "model": {"weights_sha256": digest},
        "champion": None,
    }


def test_a_run_with_the_result_of_its_original_is_reproduced(reproduce, s3):
    # The gate is not asked: this accuracy would be rejected.
    answer = reproduce(with_weights("ab" * 32, 0.5), with_weights("ab" * 32, 0.5))
    assert answer["decision"] == "reproduced"
    assert answer["cost"]["estimate"] == pytest.approx(0.053)
    written = json.loads(s3.content(BUCKET, f"{RUN}/decision.json"))
    assert (written["decision"], written["reproduces"]) == ("reproduced", "original")
    page = s3.content(BUCKET, f"{RUN}/report.html").decode()
    assert "Reproduced" in page
    assert "<code>original</code>" in page


def test_a_run_with_another_result_differs_and_says_in_what(reproduce, s3):
    answer = reproduce(with_weights("cd" * 32, 0.92), with_weights("ab" * 32))
    assert answer["decision"] == "differs"
    assert answer["reason"] == (
        "weights_sha256 cdcdcdcdcdcd instead of abababababab; accuracy 0.92 instead of 0.91 (+0.01)"
    )
    assert [rule["held"] for rule in answer["rules"]] == [False, False, True, True]
    assert "Differs from the original" in s3.content(BUCKET, f"{RUN}/report.html").decode()


@pytest.mark.parametrize("both", [(None, with_weights("ab")), (with_weights("ab"), None)])
def test_a_reproduction_that_cannot_be_compared_differs(reproduce, both):
    answer = reproduce(*both)
    assert answer["decision"] == "differs"
    assert "evaluation.json is missing" in answer["reason"]
