import json

import pytest
from botocore.exceptions import ClientError

from lambdas.report import cost, report
from lambdas.report.report import DECISION_MARK, OPENING, RUN_MARK, write_report
from tests.support.pages import Page

BUCKET = "retrain-dev-123456789012-us-east-1"
RUN = "runs/fashion-mnist-0123456789ab"
EVALUATION = f"{OPENING}<body>{DECISION_MARK}<p>the charts</p>{RUN_MARK}</body></html>"
RULES = [
    {"rule": "accuracy >= 0.85", "value": 0.91, "bound": 0.85, "held": True, "said": "fine"},
    {
        "rule": "accuracy at most 0.0 worse than the champion's",
        "value": -0.03,
        "low": -0.041,
        "high": -0.019,
        "bound": -0.0,
        "held": False,
        "said": "a regression is shown",
    },
    {"rule": "loss <= 0.6", "value": None, "bound": 0.6, "held": None, "said": "no champion yet"},
]
ANSWER = {
    "decision": "keep_champion",
    "reason": "a regression is shown",
    "approval_status": "PendingManualApproval",
    "rules": RULES,
    "auto_approve": None,
}
PLAN = {
    "requested_by": "ann",
    "reason": "new images",
    "trigger": "start_retraining",
    "started_at": "2026-11-23T15:41:20.864Z",
}


@pytest.fixture
def run(event) -> dict:
    return event("check_metrics")["run"]


@pytest.fixture
def page(s3, run):
    """Return a function that writes the report of a run and returns it parsed."""

    def written(evaluation: str | bytes | None = EVALUATION, plan=PLAN, **changes) -> Page:
        if evaluation is not None:
            body = evaluation if isinstance(evaluation, bytes) else evaluation.encode()
            s3.upload(BUCKET, f"{RUN}/evaluation/report.html", body)
        if plan is not None:
            s3.upload(BUCKET, f"{RUN}/run.json", json.dumps(plan).encode())
        write_report(s3, run, {**ANSWER, "cost": cost.estimate(run), **changes})
        found = Page(s3.content(BUCKET, f"{RUN}/report.html").decode())
        found.assert_loads_and_runs_nothing()
        return found

    return written


def test_the_decision_stands_above_the_evaluation_and_the_rest_below(page):
    found = page()
    assert found.headings == ["= The champion stays", "Cost", "Lineage"]
    order = ["The champion stays", "the charts", "Cost", "Lineage"]
    assert sorted(order, key=found.text.index) == order


def test_each_rule_has_its_line_in_words(page):
    text = page().text
    assert "✓ held accuracy >= 0.85 fine 0.91 0.85" in text
    assert "✗ not held accuracy at most 0.0 worse than the champion's" in text
    assert "-0.03 -0.041 to -0.019 0" in text
    assert "– not judged loss <= 0.6 no champion yet – 0.6" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"decision": "register"}, "waits for a person to approve it"),
        (
            {
                "decision": "register",
                "approval_status": "Approved",
                "auto_approve": {"approved": True, "reason": "", "rules": RULES[:1]},
            },
            "which the rules of automatic approval approve",
        ),
        (
            {
                "decision": "register",
                "approval_status": "Rejected",
                "auto_approve": {"approved": False, "reason": "a person did", "rules": RULES[:1]},
            },
            "which is Rejected by now",
        ),
        ({"decision": "reject", "reason": "accuracy 0.5"}, "✗ Rejected by the gate accuracy 0.5"),
        ({"decision": "something new"}, "something new"),
        (
            {
                "auto_approve": {
                    "approved": False,
                    "reason": "version 3 is the champion now",
                    "rules": RULES[:1],
                }
            },
            "Automatic approval: no version 3 is the champion now",
        ),
    ],
)
def test_every_decision_has_its_words(page, changes, words):
    assert words in page(**changes).text


def test_the_lineage_leads_to_everything(page, run):
    text = page().text
    for fact in (
        run["execution_arn"],
        run["dataset"]["fingerprint"],
        run["dataset"]["objects"][0]["key"],
        run["dataset"]["objects"][0]["etag"],
        run["code"]["sha256"],
        run["training_job"]["model_data_url"],
        "learning-rate = 0.001",
        "ann, through start_retraining",
        "new images",
        "started 2026-11-23 15:41 UTC",
    ):
        assert fact in text


def test_a_step_of_an_earlier_run_is_told_of_in_lineage_and_cost(page, run):
    told = {"key": "1" * 64, "reused_from": "an-earlier", "why": None}
    ours = {"key": "2" * 64, "reused_from": None, "why": "not computed before"}
    run["steps"] = {"Preprocess": ours, "Train": told}
    run["training_job"] = {
        "job_name": "an-earlier-train-0-0",
        "instance_type": "ml.m5.2xlarge",
        "instance_count": 1,
        "reused_from": "an-earlier",
        "model_data_url": "s3://bucket/runs/an-earlier/model.tar.gz",
    }
    text = page().text
    assert "Train reused from run an-earlier" in text
    assert "Preprocess reused" not in text
    assert "s3://bucket/runs/an-earlier/model.tar.gz" in text
    assert "$0.0069 by estimate" in text


def test_the_cost_says_its_prices_date_and_source(page):
    text = page().text
    assert "$0.0530 by estimate" in text
    assert "1 × ml.m5.2xlarge 360 s $0.4610 $0.0461" in text
    assert "of 2026-09-01 (https://aws.amazon.com/sagemaker/ai/pricing/)" in text


def test_what_has_no_price_is_said(page, run):
    run["training_job"]["instance_type"] = "ml.p99.xlarge"
    text = page().text
    assert "no price by estimate" in text
    assert "! Train: no price for ml.p99.xlarge (training) in us-east-1" in text


@pytest.mark.parametrize(
    ("evaluation", "problem"),
    [
        (None, "it is missing"),
        (b"\xff\xfe", "it is no UTF-8"),
        ("<html><script>alert(1)</script>", "does not begin"),
        (EVALUATION.replace("default-src 'none'", "default-src *"), "does not begin"),
        (EVALUATION.replace(RUN_MARK, ""), "each of its two marks once"),
        (EVALUATION + DECISION_MARK, "each of its two marks once"),
        (f"{OPENING}{RUN_MARK}{DECISION_MARK}", "in the wrong order"),
    ],
)
def test_without_a_usable_evaluation_the_decision_is_told_alone(page, caplog, evaluation, problem):
    found = page(evaluation)
    assert found.headings == ["Model report", "= The champion stays", "Cost", "Lineage"]
    assert "There is no report of the evaluation: it" in found.text
    assert problem in found.text
    assert problem in caplog.records[-1].problem


def test_a_page_over_the_limit_is_left_out(page, monkeypatch):
    monkeypatch.setattr(report, "LARGEST", 100)
    assert "larger than 100 bytes" in page().text


def test_both_pages_begin_with_the_policy(page, s3):
    for evaluation in (EVALUATION, None):
        page(evaluation)
        assert s3.content(BUCKET, f"{RUN}/report.html").decode().startswith(OPENING)
        s3.delete(BUCKET, f"{RUN}/evaluation/report.html")


def test_everything_from_outside_is_escaped(page, run):
    bad = "<script>alert(1)</script><img src=//x onerror=y>"
    run["dataset"]["name"] = bad
    run["execution_arn"] += bad
    run["dataset"]["objects"][0] = dict.fromkeys(run["dataset"]["objects"][0], bad)
    run["hyperparameters"] = {bad: bad}
    rule = {**RULES[0], "rule": bad, "said": bad, "value": bad, "bound": bad}
    plan = dict.fromkeys(PLAN, bad)
    for evaluation in (EVALUATION, "damaged"):
        found = page(evaluation, plan=plan, reason=bad, rules=[rule])
        assert "img" not in found.tags
        assert bad in found.text


@pytest.mark.parametrize("plan", [None, [], {"requested_by": None}])
def test_a_plan_that_does_not_tell_leaves_its_part_blank(page, plan):
    text = page(plan=plan).text
    assert "nobody named" in text
    assert "none given" in text


def test_errors_of_s3_are_raised(page, s3):
    s3.refuse("PutObject", "AccessDenied", 403)
    with pytest.raises(ClientError, match="AccessDenied"):
        page()


def test_half_a_character_is_no_reason_to_fail(page):
    """JSON may name a lone surrogate, which UTF-8 has no bytes for."""
    rule = {**RULES[0], "rule": "recall of class \ud800 >= 0.5"}
    assert "recall of class ? >= 0.5" in page(rules=[rule]).text
