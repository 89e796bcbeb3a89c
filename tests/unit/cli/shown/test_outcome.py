"""An execution followed to its end, with what other services know of it."""

from pathlib import Path
from typing import Any

from cli.shown.outcome import follow_to_end, resume_command
from state_machine.names import Names
from tests.fakes.histories import (
    ARN,
    DESCRIPTION,
    PACKAGE_ARN,
    History,
    failed_training,
    registered,
)
from tests.fakes.terminal import FakeLogs, FakeStepFunctions, PlainTerminal


class FakeStage:
    """A stage in whose account one execution has just ended."""

    names = Names("retrain", "prod", account="123456789012", region="us-east-1")

    def __init__(self, history: History, status: str) -> None:
        events = history.events
        self._clients = {
            "stepfunctions": FakeStepFunctions(DESCRIPTION, events, [(status, len(events))]),
            "logs": FakeLogs(),
            "sagemaker": self,
        }

    def client(self, service: str) -> Any:
        return self._clients[service]

    def describe_model_package(self, ModelPackageName: str) -> dict[str, str]:
        assert ModelPackageName == PACKAGE_ARN
        return {"ModelApprovalStatus": "PendingManualApproval"}


def test_the_approval_status_is_the_registrys(terminal: PlainTerminal) -> None:
    run = follow_to_end(FakeStage(registered(), "SUCCEEDED"), ARN, terminal)  # type: ignore[arg-type]
    assert run.decided
    assert run.approval_status == "PendingManualApproval"
    assert "Train succeeded" in terminal.written()


def test_a_failed_jobs_log_file_is_named_where_it_is(
    terminal: PlainTerminal, tmp_path: Path
) -> None:
    log = tmp_path / "jobs" / "digits-0123456789ab-train-1-0" / "job.log"
    log.parent.mkdir(parents=True)
    log.touch()
    assert log_file_of(failed_training(), terminal, tmp_path) == str(log)


def test_a_failed_jobs_log_files_of_several_hosts_are_in_a_folder(
    terminal: PlainTerminal, tmp_path: Path
) -> None:
    folder = tmp_path / "jobs" / "digits-0123456789ab-train-1-0"
    for host in ("127.0.0.1", "127.0.0.2"):
        (folder / host).mkdir(parents=True)
        (folder / host / "job.log").touch()
    assert log_file_of(failed_training(), terminal, tmp_path) == str(folder)


def test_a_failed_lambdas_log_files_are_in_a_folder(
    terminal: PlainTerminal, tmp_path: Path
) -> None:
    logs = tmp_path / "lambdas" / "retrain-dev-prepare_run" / "logs"
    logs.mkdir(parents=True)
    assert log_file_of(failed_lambda(), terminal, tmp_path) == str(logs)


def test_elsewhere_there_is_no_log_file(terminal: PlainTerminal, tmp_path: Path) -> None:
    assert log_file_of(failed_training(), terminal, tmp_path) is None
    assert log_file_of(failed_training(), terminal, None) is None


def test_a_failed_run_knows_how_to_resume_and_a_decided_one_needs_not(
    terminal: PlainTerminal,
) -> None:
    failed = follow_to_end(FakeStage(failed_training(), "FAILED"), ARN, terminal)  # type: ignore[arg-type]
    done = follow_to_end(FakeStage(registered(), "SUCCEEDED"), ARN, terminal)  # type: ignore[arg-type]
    assert failed.resume == "retrain redrive digits-0123456789ab --stage prod"
    assert done.resume is None


def failed_lambda() -> History:
    """A run whose first Lambda refused the input."""
    arn = "arn:aws:lambda:us-east-1:123456789012:function:retrain-dev-prepare_run"
    history = History().enter("PrepareRun").schedule({"FunctionName": arn})
    return history.fail("InvalidInputError", "{}", after=1).add("ExecutionFailed")


def log_file_of(history: History, terminal: PlainTerminal, folder: Path | None) -> str | None:
    run = follow_to_end(FakeStage(history, "FAILED"), ARN, terminal, folder)  # type: ignore[arg-type]
    assert run.failure is not None
    return run.failure.log_file


def test_the_command_to_resume_names_a_stage_that_is_not_the_usual_one() -> None:
    assert resume_command("a", "dev") == "retrain redrive a"
    assert resume_command("a", "prod") == "retrain redrive a --stage prod"
