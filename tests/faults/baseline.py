"""A run of the pipeline that nothing disturbed, and trainings that must end like its own."""

import io
import tarfile
import zipfile
from typing import Any

import botocore.session
import h5py

from state_machine.config import PipelineConfig
from tests.e2e.pipeline import Pipeline
from tests.functional.sagemaker_requests import unique
from tests.support.waiting import eventually

EPOCHS = 4


def few_epochs(sample: PipelineConfig) -> PipelineConfig:
    """The sample's settings with a training that is short, and long enough to be killed.

    Every run computes all of its steps: what is killed in one of them must be there.
    """
    hyperparameters = {**sample.training.hyperparameters, "epochs": EPOCHS, "batch-size": 32}
    training = sample.training.model_copy(update={"hyperparameters": hyperparameters})
    return sample.model_copy(update={"training": training, "reuse_unchanged_steps": False})


class Baseline:
    """The first execution of the deployed pipeline, run to its end."""

    def __init__(self, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        (arn,) = eventually(pipeline.executions)
        self.execution = pipeline.end_of(arn)
        assert self.execution["status"] == "SUCCEEDED", self.execution
        self.training = self._describe()
        self.weights = self.weights_of(self.training)

    @property
    def checkpoints(self) -> list[str]:
        """The keys of the run's checkpoints, oldest first."""
        return self.pipeline.keys(self.training["CheckpointConfig"]["S3Uri"] + "/epoch-")

    @property
    def epoch_seconds(self) -> float:
        """How long an epoch takes here, about."""
        seconds = self.training["TrainingEndTime"] - self.training["TrainingStartTime"]
        return min(float(seconds.total_seconds()) / (2 * EPOCHS), 2.0)

    def again(self, **changes: Any) -> dict[str, Any]:
        """Return the run's CreateTrainingJob with a new name and, unless changed, no checkpoint."""
        name = unique("again")
        bucket = self.pipeline.deployment.bucket
        model = botocore.session.get_session().get_service_model("sagemaker")
        members = model.operation_model("CreateTrainingJob").input_shape.members
        request = {key: value for key, value in self.training.items() if key in members}
        request["CheckpointConfig"] = {"S3Uri": f"s3://{bucket}/runs/{name}/checkpoints"}
        return {**request, "TrainingJobName": name, **changes}

    def give_checkpoints(self, request: dict[str, Any], keys: list[str]) -> list[str]:
        """Copy checkpoints of the run to the prefix of the request; return the new keys."""
        bucket, prefix = _parts(request["CheckpointConfig"]["S3Uri"])
        given = [f"{prefix}/{key.rpartition('/')[2]}" for key in keys]
        for source, target in zip(keys, given, strict=True):
            self.pipeline.s3.copy_object(
                Bucket=bucket, Key=target, CopySource={"Bucket": bucket, "Key": source}
            )
        return given

    def weights_of(self, job: dict[str, Any]) -> dict[str, bytes]:
        """Return the bytes of every array of the model that a training job left."""
        archive = self.pipeline.object(job["ModelArtifacts"]["S3ModelArtifacts"])
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            packed = tar.extractfile("best_checkpoint.keras")
            assert packed is not None
            with zipfile.ZipFile(io.BytesIO(packed.read())) as model:
                stored = io.BytesIO(model.read("model.weights.h5"))
        arrays: dict[str, bytes] = {}

        def take(name: str, item: Any) -> None:
            if isinstance(item, h5py.Dataset):
                arrays[name] = item[()].tobytes()

        with h5py.File(stored) as file:
            file.visititems(take)
        assert arrays
        return arrays

    def _describe(self) -> dict[str, Any]:
        name = self.execution["output"]["training_job"]["job_name"]
        described: dict[str, Any] = self.pipeline.sagemaker.describe_training_job(
            TrainingJobName=name
        )
        return described


def _parts(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
