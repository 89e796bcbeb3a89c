"""An upload starts one run, and the model that it registers is what was evaluated."""

import io
import itertools
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import numpy as np

from tests.e2e import serving
from tests.e2e.pipeline import Pipeline
from tests.support.waiting import eventually


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
    assert "/tensorflow-inference@sha256:" in container["Image"]
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
