"""What `.retrain/last-run.json` says."""

import json
from pathlib import Path

import pytest

from lambdas.gate.verdicts import REJECTED_ERROR
from operations.executions import record, view
from operations.executions.record import Seconds
from tests.fakes.histories import (
    ARN,
    DESCRIPTION,
    MODEL,
    PACKAGE_ARN,
    REUSED,
    RUN,
    History,
    failed_training,
    gate,
    registered,
    rejected,
    reused,
    until_the_gate,
)


def record_of(history: History, status: str, error: str = "", cause: str = ""):  # type: ignore[no-untyped-def]
    description = {
        **DESCRIPTION,
        "status": status,
        "stopDate": history.events[-1]["timestamp"],
        "error": error,
        "cause": cause,
    }
    return record.record(view.read(description, history.events))


def test_a_registered_run_is_decided() -> None:
    run = record_of(registered(), "SUCCEEDED")
    assert run.decided
    assert (run.status, run.decision, run.execution_arn) == ("SUCCEEDED", "register", ARN)
    assert run.run_id == "digits-0123456789ab"
    assert run.metrics == {"accuracy": 0.9722, "loss": 0.0912}
    assert run.model_package_arn == PACKAGE_ARN
    assert run.model == MODEL
    assert run.artifacts == "s3://bucket/runs/digits-0123456789ab"
    assert run.report == "s3://bucket/runs/digits-0123456789ab/report.html"


def test_steps_that_were_taken_over_are_told_of_with_the_model() -> None:
    run = record_of(reused(), "SUCCEEDED")
    assert run.reused == REUSED
    assert run.model == MODEL
    assert [step.name for step in run.steps] == ["PrepareRun", "Evaluate", "CheckMetrics"]
    assert record_of(registered(), "SUCCEEDED").reused == {}


def test_no_name_of_a_step_can_control_what_it_is_written_to() -> None:
    plan = RUN | {"steps": {"Tr\0\x1bain": {"reused_from": "digits-0"}}}
    history = History().function("PrepareRun", "retrain-dev-prepare_run", plan)
    assert record_of(history, "RUNNING").reused == {"Tr  ain": "digits-0"}


def test_the_rules_of_automatic_approval_are_told_of() -> None:
    decision = gate("register")
    approval = {"approved": True, "reason": "", "rules": decision["rules"]}
    history = until_the_gate(decision | {"auto_approve": approval})
    assert record_of(history, "SUCCEEDED").approval_rules == (
        record_of(registered(), "SUCCEEDED").rules
    )
    assert record_of(registered(), "SUCCEEDED").approval_rules == ()


def test_steps_are_the_task_states_with_their_seconds() -> None:
    run = record_of(registered(), "SUCCEEDED")
    assert run.steps == [
        Seconds("PrepareRun", 0.5),
        Seconds("Preprocess", 4.0),
        Seconds("Train", 9.5),
        Seconds("Evaluate", 5.0),
        Seconds("CheckMetrics", 0.5),
        Seconds("RegisterModel", 0.25),
    ]
    assert run.execution_seconds == 19.75


def test_a_rejection_is_a_decision() -> None:
    run = record_of(rejected(), "FAILED", REJECTED_ERROR, "accuracy too low")
    assert run.decided
    assert (run.status, run.decision, run.failure) == ("FAILED", "reject", None)
    assert run.reason == "accuracy 0.9722 does not hold >= 0.99"
    assert run.model_package_arn is None


def test_a_failed_job_is_no_decision_and_names_cause_and_log() -> None:
    run = record_of(failed_training(), "FAILED", "States.TaskFailed", "{}")
    assert not run.decided
    assert run.failure is not None
    assert (run.failure.state, run.failure.error) == ("Train", "States.TaskFailed")
    assert run.failure.cause == "AlgorithmError: loss is nan"
    assert run.failure.job == "digits-0123456789ab-train-1-0"
    expected = "/aws/sagemaker/TrainingJobs --log-stream-name-prefix digits-0123456789ab-train-1-0"
    assert run.failure.log == expected


def test_a_registration_that_failed_is_no_decision() -> None:
    history = (
        until_the_gate(gate("register"))
        .enter("RegisterModel")
        .schedule({"ModelPackageGroupName": "digits"})
        .fail("SageMaker.ValidationException", "no such group", after=1)
        .add("ExecutionFailed")
    )
    run = record_of(history, "FAILED", "SageMaker.ValidationException", "no such group")
    assert run.decision == "register"
    assert not run.decided


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_an_execution_that_was_ended_names_its_status_as_error(status: str) -> None:
    run = record_of(History().enter("Wait", "Wait").add("ExecutionAborted"), status)
    assert run.failure is not None
    assert (run.failure.state, run.failure.error, run.failure.log) == ("Wait", status, None)


@pytest.mark.parametrize("state", ["TakeTurn", "PrepareRun"])
def test_a_superseded_execution_says_by_what_wherever_it_was_found(state: str) -> None:
    answer = {"outcome": "superseded", "message": "data set 'digits' was replaced"}
    history = History().function("TakeTurn", "take_turn", {"outcome": "go", "message": "alone"})
    history.function(state, "function", answer).enter("Superseded", "Succeed")
    run = record_of(history.add("ExecutionSucceeded"), "SUCCEEDED")
    assert run.superseded == "data set 'digits' was replaced"
    assert run.failure is None
    assert not run.decided


def test_the_file_has_the_fields_that_others_read(tmp_path: Path) -> None:
    path = tmp_path / ".retrain" / "last-run.json"
    record.write(record_of(registered(), "SUCCEEDED"), path)
    written = json.loads(path.read_text(encoding="utf-8"))
    assert written.keys() >= {
        "status",
        "execution_arn",
        "run_id",
        "decision",
        "metrics",
        "model_package_arn",
        "approval_status",
        "steps",
        "wall_seconds",
    }
    assert written["steps"][2] == {"name": "Train", "seconds": 9.5}
    assert written["failure"] is None


def test_the_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "last-run.json"
    record.write(record_of(registered(), "SUCCEEDED"), path)
    record.write(record_of(failed_training(), "FAILED"), path)
    assert json.loads(path.read_text(encoding="utf-8"))["status"] == "FAILED"
    assert [file.name for file in tmp_path.iterdir()] == ["last-run.json"]
