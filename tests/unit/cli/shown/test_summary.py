"""The table at the end of a run."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.shown import summary
from operations.executions.record import Failure, RunRecord, Seconds
from operations.run_files import decision as decision_file
from operations.run_files.decision import Cost, Rule
from tests.fakes.histories import ARN, PACKAGE_ARN, gate
from tests.fakes.terminal import PlainTerminal


def judged(rules: list[dict[str, Any]]) -> tuple[Rule, ...]:
    """The rules as a decision has them."""
    return decision_file.read({"rules": rules}, []).rules


REGISTERED = RunRecord(
    status="SUCCEEDED",
    execution_arn=ARN,
    run_id="digits-0123456789ab",
    decision="register",
    reason="every rule held",
    rules=judged(gate("register")["rules"]),
    metrics={"accuracy": 0.9722, "loss": 0.0912},
    model_package_arn=PACKAGE_ARN,
    approval_status="PendingManualApproval",
    artifacts="s3://bucket/runs/digits-0123456789ab",
    report="s3://bucket/runs/digits-0123456789ab/report.html",
    local_copy=".retrain/runs/digits-0123456789ab",
    steps=[Seconds("PrepareRun", 0.5), Seconds("Train", 9.5)],
    preparation=[Seconds("Deployment", 6.0)],
    wall_seconds=31.25,
)


def shown(run: RunRecord, terminal: PlainTerminal) -> dict[str, str]:
    """The rows of the table by their first words."""
    summary.show(run, terminal)
    rows = [line.split("  ", 1) for line in terminal.lines() if "  " in line.strip()]
    return {row[0].strip(): row[1].strip() for row in rows if len(row) > 1}


def test_a_registered_run_in_one_look(terminal: PlainTerminal) -> None:
    rows = shown(REGISTERED, terminal)
    assert "The model passed the gate and is registered" in terminal.written()
    assert rows["Test accuracy"] == "0.9722"
    assert rows["Gate"] == "✓ accuracy >= 0.85  found 0.9722"
    assert rows["Model package"] == PACKAGE_ARN
    assert rows["Approval"] == "PendingManualApproval"
    assert rows["Report"].endswith("report.html")
    assert rows["Local copy"].startswith(".retrain/runs/digits-0123456789ab/report.html (")
    assert rows["Steps"].split() == ["PrepareRun", "0.5", "s"]
    assert rows["Total"] == "31.2 s"


def test_steps_of_another_run_are_told_of(terminal: PlainTerminal) -> None:
    assert "Reused" not in shown(REGISTERED, terminal)
    taken_over = {"Preprocess": "digits-1", "Train": "digits-2"}
    rows = shown(replace(REGISTERED, reused=taken_over), terminal)
    assert rows["Reused"] == "Preprocess of run digits-1"
    assert "Train of run digits-2" in terminal.written()


def test_long_names_stay_in_one_line_where_output_is_no_terminal(terminal: PlainTerminal) -> None:
    long = "s3://" + "b" * 150
    shown(replace(REGISTERED, artifacts=long), terminal)
    assert any(line.endswith(long) for line in terminal.lines())


def test_a_rejected_run_says_why(terminal: PlainTerminal) -> None:
    run = replace(
        REGISTERED,
        status="FAILED",
        decision="reject",
        reason="accuracy is 0.9722, expected >= 0.99",
        rules=judged(gate("reject", held=False)["rules"]),
        model_package_arn=None,
        approval_status=None,
    )
    rows = shown(run, terminal)
    assert "rejected by the gate; nothing is registered" in terminal.written()
    assert "accuracy is 0.9722, expected >= 0.99" in terminal.written()
    assert rows["Gate"] == "✗ accuracy >= 0.99  found 0.9722"
    assert "Model package" not in rows
    assert "redrive" not in terminal.written()


def test_a_metric_that_is_missing_is_shown_as_it_is(terminal: PlainTerminal) -> None:
    said = "accuracy is missing from evaluation.json"
    rules = [{"rule": "accuracy >= 0.85", "value": None, "held": False, "said": said}]
    rows = shown(replace(REGISTERED, rules=judged(rules), decision="reject"), terminal)
    assert rows["Gate"] == f"✗ accuracy >= 0.85  {said}"


def test_every_rule_has_a_row_and_a_gain_its_interval(terminal: PlainTerminal) -> None:
    better = "accuracy at least 0.005 better than the champion's"
    rules = [
        {"rule": "accuracy >= 0.85", "value": 0.9722, "held": True},
        {"rule": better, "value": 0.01, "low": -0.002, "high": 0.02, "held": False},
        {"rule": "loss", "value": None, "held": None, "said": "no champion yet"},
    ]
    shown(replace(REGISTERED, rules=judged(rules), approval_rules=judged(rules[:1])), terminal)
    written = [line.rstrip() for line in terminal.lines()]
    first = written.index("Gate           ✓ accuracy >= 0.85  found 0.9722")
    assert written[first + 1 : first + 4] == [
        f"               ✗ {better}  found +0.01 [-0.002, +0.02]",
        "               - loss  no champion yet",
        "Auto-approve   ✓ accuracy >= 0.85  found 0.9722",
    ]


def test_a_failed_run_names_state_cause_and_logs(terminal: PlainTerminal) -> None:
    failure = Failure(
        state="Train",
        error="States.TaskFailed",
        cause="AlgorithmError: loss is nan",
        job="job-1",
        log="/aws/sagemaker/TrainingJobs --log-stream-name-prefix job-1",
        log_file=".retrain/aws/jobs/job-1/job.log",
    )
    summary.show(RunRecord(status="FAILED", failure=failure, resume="retrain redrive a"), terminal)
    text = terminal.written()
    assert "Resume: retrain redrive a" in text
    assert "✗ FAILED in Train: States.TaskFailed" in text
    assert "AlgorithmError: loss is nan" in text
    assert "aws logs tail /aws/sagemaker/TrainingJobs --log-stream-name-prefix job-1" in text
    assert ".retrain/aws/jobs/job-1/job.log" in text


def test_a_local_copy_below_the_working_folder_is_shown_from_there(
    terminal: PlainTerminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    rows = shown(replace(REGISTERED, local_copy=str(tmp_path / "runs" / "a")), terminal)

    assert rows["Local copy"].startswith("runs/a/report.html")


def test_a_value_just_below_its_bound_is_not_rounded_up_to_it(terminal: PlainTerminal) -> None:
    rule = {"rule": "accuracy >= 0.9999", "value": 0.99985, "held": False}

    assert shown(replace(REGISTERED, rules=judged([rule])), terminal)["Gate"].endswith(
        "found 0.99985"
    )


def test_a_superseded_execution_says_what_took_its_place(terminal: PlainTerminal) -> None:
    run = RunRecord(status="SUCCEEDED", execution_arn=ARN, superseded="the data set is now b2c3")
    shown(run, terminal)
    assert "Superseded: newer files" in terminal.written()
    assert "the data set is now b2c3" in terminal.written()
    assert not run.decided


COST = {
    "estimate": 0.0488,
    "spot_savings": 0.0,
    "jobs": [
        {"billable_seconds": 36.0, "instance_count": 1},
        {"billable_seconds": 180, "instance_count": 2},
    ],
    "missing": [],
    "prices": {"date": "2026-09-01"},
}


def cost(**changes: Any) -> Cost | None:
    """The cost as a decision has it."""
    return decision_file.read({"cost": COST | changes}, []).cost


def test_the_cost_is_an_estimate_at_dated_prices(terminal: PlainTerminal) -> None:
    rows = shown(replace(REGISTERED, cost=cost()), terminal)
    expected = "$0.0488 on AWS by estimate, 396 s of instances at the prices of 2026-09-01"
    assert rows["Cost"] == expected
    rows = shown(replace(REGISTERED, cost=cost(spot_savings=0.1)), terminal)
    assert rows["Cost"] == f"{expected}, spot saved $0.1000"


def test_what_has_no_price_is_not_free(terminal: PlainTerminal) -> None:
    missing = ["Train: no price for ml.p9.xlarge (training) in us-east-1"]
    rows = shown(replace(REGISTERED, cost=cost(estimate=None, missing=missing)), terminal)
    assert rows["Cost"] == f"no estimate: {missing[0]}"


@pytest.mark.parametrize(
    ("decision", "headline"),
    [("reproduced", "the result is that of the original"), ("differs", "Not reproduced")],
)
def test_a_reproduction_says_what_matches(
    decision: str, headline: str, terminal: PlainTerminal
) -> None:
    weights = {"rule": "weights_sha256 == ab12", "value": None, "held": True, "said": "the same"}
    run = replace(
        REGISTERED, decision=decision, reproduces="digits-original", rules=judged([weights])
    )
    rows = shown(run, terminal)
    assert headline in terminal.written()
    assert rows["Reproduces"] == "digits-original"
    assert rows["Compared"] == "✓ weights_sha256 == ab12  the same"
    assert "Gate" not in rows
