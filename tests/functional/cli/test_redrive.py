"""`retrain redrive` against the embedded AWS."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from local_aws.client import EmbeddedAws
from state_machine.config import load
from tests.functional.sagemaker_requests import Account, unique
from tests.support.paths import PROJECT
from tests.support.roles import ROLE
from tests.support.waiting import eventually

PROCESS = "arn:aws:states:::sagemaker:createProcessingJob.sync"


@pytest.fixture
def stage(embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> str:
    """A stage of its own, and the shell of a person who works on it."""
    monkeypatch.chdir(PROJECT)
    for name, value in embedded_aws.environment().items():
        monkeypatch.setenv(name, value)
    return unique("t")


def ended(states: Any, stage: str, definition: dict[str, Any]) -> str:
    """Start the stage's machine under the name `run`, wait for its end and return its ARN."""
    machine = states.create_state_machine(
        name=f"{load(Path('pipeline.toml')).name}-{stage}",
        definition=json.dumps(definition),
        roleArn=ROLE,
    )["stateMachineArn"]
    arn = states.start_execution(stateMachineArn=machine, name="run")["executionArn"]
    eventually(
        lambda: states.describe_execution(executionArn=arn)["status"] != "RUNNING", timeout=60
    )
    return str(arn)


def test_it_resumes_at_the_job_that_failed_and_follows(
    stage: str, embedded_aws: EmbeddedAws
) -> None:
    account, name = Account(embedded_aws), unique("job")
    parameters = account.processing(name, "case $PROCESSING_JOB_NAME in *-0) exit 1;; esac")
    del parameters["ProcessingJobName"]
    parameters["ProcessingJobName.$"] = f"States.Format('{name}-{{}}', $$.Execution.RedriveCount)"
    job = {"Type": "Task", "Resource": PROCESS, "Parameters": parameters, "End": True}
    ended(account.states, stage, {"StartAt": "Job", "States": {"Job": job}})
    before = CliRunner().invoke(app, ["watch", "run", "--stage", stage])
    assert f"Resume: retrain redrive run --stage {stage}" in before.output

    result = CliRunner().invoke(app, ["redrive", "run", "--stage", stage])

    assert ":run (redrive 1)" in result.output
    assert "Job succeeded" in result.output
    assert "Resume:" not in result.output
    assert account.ended_processing(f"{name}-1")["ProcessingJobStatus"] == "Completed"


def test_a_rejection_is_refused_in_one_line(stage: str, embedded_aws: EmbeddedAws) -> None:
    fail = {"Type": "Fail", "Error": "QualityGate.ThresholdNotMet", "Cause": "0.1 < 0.2"}
    states = embedded_aws.client("stepfunctions")
    arn = ended(states, stage, {"StartAt": "Rejected", "States": {"Rejected": fail}})

    result = CliRunner().invoke(app, ["redrive", arn])

    assert result.exit_code == 1
    assert "The gate rejected the model of run (0.1 < 0.2): that is final" in result.output
    assert "Next: start anew" in result.output
    assert states.describe_execution(executionArn=arn)["redriveCount"] == 0


def test_what_succeeded_is_refused_in_one_line(stage: str, embedded_aws: EmbeddedAws) -> None:
    states = embedded_aws.client("stepfunctions")
    ended(states, stage, {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}})

    result = CliRunner().invoke(app, ["redrive", "run", "--stage", stage])

    assert result.exit_code == 1
    assert "run cannot be resumed: Execution is SUCCEEDED and cannot be redriven" in result.output
    assert "Traceback" not in result.output
