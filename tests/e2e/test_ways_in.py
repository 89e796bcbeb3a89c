"""Every way to start a run ends registered; what is incomplete or repeated starts none."""

import io
import itertools
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import numpy as np
import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.e2e import serving
from tests.e2e.pipeline import Pipeline
from tests.waiting import eventually

PROJECT = Path(__file__).parents[2]


def s3_event(bucket: str, key: str) -> dict[str, Any]:
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": bucket}, "object": {"key": quote_plus(key), "size": 1}},
    }
    return {"Records": [record]}


def test_the_upload_starts_one_run_and_ends_registered(pipeline: Pipeline, digits: Path) -> None:
    files = sorted(digits.iterdir(), reverse=True)
    *first_three, last = files
    for file in first_three:
        key = pipeline.put("digits", file)
        # S3 delivers at least once: the second delivery of each event is ours.
        pipeline.invoke("on_upload", s3_event(pipeline.deployment.bucket, key))
    assert pipeline.executions() == []

    key = pipeline.put("digits", last)
    (arn,) = eventually(pipeline.executions)
    for file_key in itertools.chain([key], (f"raw_data/digits/{f.name}" for f in first_three)):
        outcomes = pipeline.invoke("on_upload", s3_event(pipeline.deployment.bucket, file_key))
        assert [outcome["outcome"] for outcome in outcomes] == ["duplicate"]
    package = pipeline.registered(arn)

    assert pipeline.executions() == [arn]
    assert pipeline.model_packages() == [package["ModelPackageArn"]]
    # After the end the same event is still the same event.
    outcomes = pipeline.invoke("on_upload", s3_event(pipeline.deployment.bucket, key))
    assert [outcome["outcome"] for outcome in outcomes] == ["duplicate"]
    assert pipeline.executions() == [arn]


def test_the_registered_model_says_where_it_comes_from(pipeline: Pipeline) -> None:
    (arn,) = pipeline.executions()
    output = pipeline.end_of(arn)["output"]
    package = pipeline.registered(arn)
    metadata = package["CustomerMetadataProperties"]

    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    assert metadata["run_id"] == output["run_id"]
    assert output["dataset"]["fingerprint"] in metadata.values()
    (container,) = package["InferenceSpecification"]["Containers"]
    assert "/tensorflow-inference:2.19" in container["Image"]
    assert pipeline.object(container["ModelDataUrl"])[:2] == b"\x1f\x8b"

    statistics = package["ModelMetrics"]["ModelQuality"]["Statistics"]
    evaluation = json.loads(pipeline.object(statistics["S3Uri"]))
    accuracy = evaluation["multiclass_classification_metrics"]["accuracy"]["value"]
    assert accuracy == output["quality_gate"]["metrics"]["accuracy"] > 0.9
    assert json.loads(pipeline.object(output["paths"]["decision"]))["decision"] == "register"


def test_the_registered_model_serves_what_was_evaluated(pipeline: Pipeline, tmp_path: Path) -> None:
    (arn,) = pipeline.executions()
    paths = pipeline.end_of(arn)["output"]["paths"]
    package = pipeline.registered(arn)
    (container,) = package["InferenceSpecification"]["Containers"]
    evaluation = json.loads(pipeline.object(f"{paths['evaluation']}/evaluation.json"))
    evaluated = np.load(io.BytesIO(pipeline.object(f"{paths['evaluation']}/predictions.npz")))
    test = f"{paths['preprocessing']}/test"
    pixels, labels = (
        np.load(io.BytesIO(pipeline.object(f"{test}/{name}/{name}.npy")))
        for name in ("X_test", "y_test")
    )

    predict = serving.load(pipeline.object(container["ModelDataUrl"]), tmp_path)
    probabilities = predict(pixels)

    assert pixels.dtype == np.uint8
    np.testing.assert_array_equal(evaluated["labels"], labels)
    np.testing.assert_allclose(probabilities, evaluated["probabilities"], rtol=0, atol=1e-6)
    right = np.mean(probabilities.argmax(axis=1) == labels)
    assert right == evaluation["multiclass_classification_metrics"]["accuracy"]["value"]


def test_the_jobs_leave_what_sagemaker_leaves(pipeline: Pipeline) -> None:
    (arn,) = pipeline.executions()
    output = pipeline.end_of(arn)["output"]
    job = pipeline.sagemaker.describe_training_job(
        TrainingJobName=output["training_job"]["job_name"]
    )

    assert job["TrainingJobStatus"] == "Completed"
    final = {metric["MetricName"]: metric["Value"] for metric in job["FinalMetricDataList"]}
    assert final["validation:accuracy"] > 0.9
    logs = pipeline.aws.client("logs")
    for group, name in (
        ("TrainingJobs", output["training_job"]["job_name"]),
        ("ProcessingJobs", output["preprocessing_job"]["job_name"]),
        ("ProcessingJobs", output["evaluation_job"]["job_name"]),
    ):
        streams = logs.describe_log_streams(
            logGroupName=f"/aws/sagemaker/{group}", logStreamNamePrefix=f"{name}/"
        )
        assert streams["logStreams"], name


def test_an_execution_from_the_console_with_an_empty_input_ends_registered(
    pipeline: Pipeline,
) -> None:
    before = pipeline.model_packages()

    package = pipeline.registered(pipeline.start({}))

    assert package["ModelPackageArn"] not in before


def test_start_retraining_names_the_run_of_the_same_data_and_force_runs_it_again(
    pipeline: Pipeline,
) -> None:
    *_, first = before = pipeline.executions()

    known = pipeline.invoke("start_retraining", {})
    answer = pipeline.invoke("start_retraining", {"force": True})

    assert (known["started"], known["execution_arn"]) == (False, first)
    assert "is SUCCEEDED; again starts another" in known["message"]
    assert answer["started"] is True
    assert answer["execution_arn"] not in before
    pipeline.states.stop_execution(executionArn=answer["execution_arn"])


def test_retrain_start_runs_the_same_data_again_only_with_force(
    pipeline: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(PROJECT)
    *_, first = before = pipeline.executions()

    refused = CliRunner().invoke(app, ["start"])
    assert refused.exit_code == 0, refused.output
    assert f"Nothing started: execution {first.rsplit(':', 1)[-1]} of" in refused.output
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


@pytest.mark.slow
def test_start_retraining_with_other_hyperparameters_ends_registered(pipeline: Pipeline) -> None:
    payload = {"hyperparameters": {"epochs": 5}, "requested_by": "a test", "reason": "drift"}

    answer = pipeline.invoke("start_retraining", payload)

    assert answer["started"] is True
    package = pipeline.registered(answer["execution_arn"])
    output = pipeline.end_of(answer["execution_arn"])["output"]
    assert output["hyperparameters"]["epochs"] == "5"
    plan = json.loads(pipeline.object(f"{output['paths']['run']}/run.json"))
    asked = {"requested_by": "a test", "reason": "drift", "trigger": "start_retraining"}
    assert asked.items() <= plan.items()
    job = pipeline.sagemaker.describe_training_job(
        TrainingJobName=output["training_job"]["job_name"]
    )
    assert job["HyperParameters"]["epochs"] == "5"
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

    eventually(lambda: all(key in listed() for key in keys), timeout=60)
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
