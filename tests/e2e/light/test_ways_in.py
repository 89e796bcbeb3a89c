"""Every way to start a run ends registered; what is known or incomplete starts none.

The upload has a file of its own, with the CNN: tests/e2e/test_registered_model.py.
"""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from state_machine import config
from state_machine.config import PipelineConfig
from tests.e2e.pipeline import PROJECT, Pipeline
from tests.faults import light
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def settings(settings: PipelineConfig) -> PipelineConfig:
    """The light pipeline under the name in pipeline.toml, by which the command line finds it."""
    return settings.model_copy(update={"name": config.load(PROJECT / "pipeline.toml").name})


@pytest.fixture(scope="module", autouse=True)
def uploaded(pipeline: Pipeline, digits: Path) -> str:
    """The ARN of the execution that the upload of the data set started, which has ended."""
    arn = light.upload(pipeline, digits, "digits")
    pipeline.registered(arn)
    return arn


def test_an_execution_from_the_console_with_an_empty_input_ends_registered(
    pipeline: Pipeline,
) -> None:
    before = pipeline.model_packages()

    package = pipeline.registered(pipeline.start({}))

    assert package["ModelPackageArn"] not in before


def test_start_retraining_names_the_run_of_the_same_data_and_force_runs_it_again(
    pipeline: Pipeline, uploaded: str
) -> None:
    before = pipeline.executions()

    known = pipeline.invoke("start_retraining", {})
    answer = pipeline.invoke("start_retraining", {"force": True})

    assert (known["started"], known["execution_arn"]) == (False, uploaded)
    assert "is SUCCEEDED; again starts another" in known["message"]
    assert answer["started"] is True
    assert answer["execution_arn"] not in before
    pipeline.states.stop_execution(executionArn=answer["execution_arn"])


def test_retrain_start_runs_the_same_data_again_only_with_force(
    pipeline: Pipeline, uploaded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    before = pipeline.executions()

    refused = CliRunner().invoke(app, ["start"])
    assert refused.exit_code == 0, refused.output
    assert f"Nothing started: execution {uploaded.rsplit(':', 1)[-1]} of" in refused.output
    assert "Next: retrain start --again" in refused.output
    assert pipeline.executions() == before

    forced = CliRunner().invoke(app, ["start", "--force", "--input", '{"reason": "once more"}'])
    assert forced.exit_code == 0, forced.output
    (new,) = set(pipeline.executions()) - set(before)
    assert f"Started {new}" in forced.output
    started_with = json.loads(pipeline.states.describe_execution(executionArn=new)["input"])
    assert (started_with["dataset"], started_with["reason"]) == ("digits", "once more")
    pipeline.states.stop_execution(executionArn=new)


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ('{"epochs": 3}', "unknown field 'epochs'"),
        ('{"dataset": "unknown"}', "data set 'unknown' is incomplete"),
    ],
)
def test_retrain_start_says_in_one_line_what_cannot_be_started(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch, asked: str, problem: str
) -> None:
    monkeypatch.chdir(PROJECT)
    before = pipeline.executions()

    result = CliRunner().invoke(app, ["start", "--input", asked])

    assert result.exit_code == 1
    assert problem in result.output
    assert "Traceback" not in result.output
    assert pipeline.executions() == before


def test_start_retraining_with_other_hyperparameters_ends_registered(pipeline: Pipeline) -> None:
    payload = {"hyperparameters": {"fault": "other"}, "requested_by": "a test", "reason": "drift"}

    answer = pipeline.invoke("start_retraining", payload)

    assert answer["started"] is True
    package = pipeline.registered(answer["execution_arn"])
    output = pipeline.end_of(answer["execution_arn"])["output"]
    assert output["hyperparameters"]["fault"] == "other"
    plan = json.loads(pipeline.object(f"{output['paths']['run']}/run.json"))
    asked = {"requested_by": "a test", "reason": "drift", "trigger": "start_retraining"}
    assert asked.items() <= plan.items()
    job = pipeline.sagemaker.describe_training_job(
        TrainingJobName=output["training_job"]["job_name"]
    )
    assert job["HyperParameters"]["fault"] == "other"
    assert package["ModelPackageArn"] in pipeline.model_packages()


def test_an_upload_that_no_lambda_took_is_kept_and_replayed(
    pipeline: Pipeline, digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    before = pipeline.executions()
    trigger = pipeline.deployment.functions["on_upload"]
    pipeline.lambdas.put_function_concurrency(FunctionName=trigger, ReservedConcurrentExecutions=0)
    keys = [pipeline.put("kept", file) for file in sorted(digits.iterdir())]

    def listed() -> str:
        return CliRunner().invoke(app, ["events", "list"]).output

    eventually(lambda: all(key in listed() for key in keys))
    assert "Cause  ZeroReservedConcurrency" in listed()
    pipeline.lambdas.delete_function_concurrency(FunctionName=trigger)
    replayed = CliRunner().invoke(app, ["events", "replay", "--all"])

    assert replayed.exit_code == 0, replayed.output
    assert "Replayed 4 of 4" in replayed.output
    (started,) = eventually(lambda: set(pipeline.executions()) - set(before))
    assert "kept" in started
    assert pipeline.states.describe_execution(executionArn=started)["status"] == "RUNNING"
    pipeline.states.stop_execution(executionArn=started)
    assert "No failed events are kept" in listed()
