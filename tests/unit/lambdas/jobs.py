"""Jobs of a planned run that end well on the fakes: their outputs, and SageMaker's record."""

from collections.abc import Mapping
from typing import Any

from lambdas.boundary.s3_objects import split_uri
from tests.fakes.s3 import FakeS3
from tests.fakes.sagemaker import FakeSageMaker

ARN = "arn:aws:sagemaker:us-east-1:123456789012:"
SPLITS = ("train", "validation", "test")


def preprocess(
    s3: FakeS3, sagemaker: FakeSageMaker, run: Mapping[str, Any], attempt: str = "0-0"
) -> dict[str, Any]:
    """Run the Preprocess of the run; return the job's description."""
    name = f"{run['run_id']}-preprocess-{attempt}"
    folder = run["paths"]["preprocessing"]
    started = s3.now()
    for split in SPLITS:
        for array in ("X", "y"):
            write(s3, f"{folder}/{split}/{array}_{split}/{array}_{split}.npy")
    outputs = [
        {
            "OutputName": split,
            "S3Output": {
                "S3Uri": f"{folder}/{split}",
                "LocalPath": split,
                "S3UploadMode": "EndOfJob",
            },
        }
        for split in SPLITS
    ]
    cluster = {
        "InstanceType": run["instance_types"]["preprocessing"],
        "InstanceCount": 1,
        "VolumeSizeInGB": 30,
    }
    job = {
        "ProcessingJobName": name,
        "ProcessingJobArn": f"{ARN}processing-job/{name}",
        "ProcessingJobStatus": "Completed",
        "ProcessingOutputConfig": {"Outputs": outputs},
        "ProcessingResources": {"ClusterConfig": cluster},
        "AppSpecification": {"ImageUri": run["images"]["preprocessing"]},
        "Environment": {"RETRAIN_STEP_KEY": run["steps"]["Preprocess"]["key"]},
        "CreationTime": started,
        "ProcessingStartTime": started,
        "ProcessingEndTime": s3.now(),
    }
    sagemaker.processing_jobs.append(job)
    return job


def train(
    s3: FakeS3, sagemaker: FakeSageMaker, run: Mapping[str, Any], attempt: str = "0-0"
) -> dict[str, Any]:
    """Run the Train of the run; return the job's description."""
    name = f"{run['run_id']}-train-{attempt}"
    output = f"{run['paths']['training']}/{name}/output"
    started = s3.now()
    write(s3, f"{output}/model.tar.gz")
    write(s3, f"{output}/output.tar.gz")
    job = {
        "TrainingJobName": name,
        "TrainingJobArn": f"{ARN}training-job/{name}",
        "TrainingJobStatus": "Completed",
        "SecondaryStatus": "Completed",
        "ModelArtifacts": {"S3ModelArtifacts": f"{output}/model.tar.gz"},
        "AlgorithmSpecification": {
            "TrainingImage": run["images"]["training"],
            "TrainingInputMode": "File",
        },
        "ResourceConfig": {
            "InstanceType": run["instance_types"]["training"],
            "InstanceCount": 1,
            "VolumeSizeInGB": 30,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "Environment": {"RETRAIN_STEP_KEY": run["steps"]["Train"]["key"]},
        "CreationTime": started,
        "TrainingStartTime": started,
        "TrainingEndTime": s3.now(),
    }
    sagemaker.training_jobs.append(job)
    return job


def write(s3: FakeS3, uri: str, content: bytes | None = None) -> None:
    """Write an object whose content is its URI, unless another is given."""
    bucket, key = split_uri(uri)
    s3.upload(bucket, key, uri.encode() if content is None else content)
