"""Small SageMaker requests, and what the tests of jobs ask of the embedded AWS."""

import io
import tarfile
import textwrap
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from local_aws.client import EmbeddedAws
from tests.support.asking import ask
from tests.support.roles import ROLE, ensure_role
from tests.support.waiting import eventually


class Account:
    """One bucket of its own and the clients that a test needs."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        self.s3 = aws.client("s3")
        self.sagemaker = aws.client("sagemaker")
        self.logs = aws.client("logs")
        self.states = aws.client("stepfunctions")
        self.bucket = f"jobs-{uuid4().hex}"
        self.s3.create_bucket(Bucket=self.bucket)
        ensure_role(aws)

    def uri(self, key: str) -> str:
        return f"s3://{self.bucket}/{key}"

    def put(self, key: str, body: bytes | str) -> str:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=body)
        return self.uri(key)

    def get(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body

    def keys(self, prefix: str) -> list[str]:
        found = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [item["Key"] for item in found.get("Contents", [])]

    def processing(
        self,
        name: str,
        script: str,
        *,
        inputs: dict[str, str] | None = None,
        outputs: dict[str, str] | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Return a CreateProcessingJob that runs a shell script.

        `inputs` and `outputs` map folders below /opt/ml/processing to S3 URIs.
        """
        code = {"code": self.put(f"scripts/{name}/process.sh", textwrap.dedent(script))}
        command = ["/bin/bash", "-e", "/opt/ml/processing/code/process.sh"]
        cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
        return {
            "ProcessingJobName": name,
            "RoleArn": ROLE,
            "ProcessingResources": {"ClusterConfig": cluster},
            "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": command},
            "ProcessingInputs": [_input(*item) for item in (code | (inputs or {})).items()],
            "ProcessingOutputConfig": {"Outputs": [_output(*i) for i in (outputs or {}).items()]},
            **more,
        }

    def ended_processing(self, name: str) -> Any:
        """Wait for the end of the processing job; return its description."""
        return eventually(lambda: self._ended("Processing", name))

    def ended_training(self, name: str) -> Any:
        """Wait for the end of the training job; return its description."""
        return eventually(lambda: self._ended("Training", name))

    def _ended(self, kind: str, name: str) -> Any:
        describe = getattr(self.sagemaker, f"describe_{kind.lower()}_job")
        description = describe(**{f"{kind}JobName": name})
        running = description[f"{kind}JobStatus"] in ("InProgress", "Stopping")
        return None if running else description

    def interrupt(self, name: str, capacity_returns_after: float = 0) -> None:
        """Take the spot instance of a training job away."""
        asked = {
            "TrainingJobName": name,
            "CapacityReturnsAfterSeconds": capacity_returns_after,
        }
        route = "/moto-api/sagemaker/interrupt-training-job"
        ask(self.aws, route, urlencode(asked).encode())

    def job_log(self, name: str, host: str = "") -> str:
        """Return what a job has printed, on the host if it has several."""
        path = self.aws.data_folder / "jobs" / name / host / "job.log"
        return path.read_text() if path.exists() else ""

    def log_events(self, group: str, name: str, host: str = "algo-1") -> list[str]:
        """Return the messages of the one log stream that the job has for the host."""
        streams = self.logs.describe_log_streams(
            logGroupName=group, logStreamNamePrefix=f"{name}/{host}-"
        )["logStreams"]
        assert len(streams) == 1
        events = self.logs.get_log_events(
            logGroupName=group, logStreamName=streams[0]["logStreamName"], startFromHead=True
        )["events"]
        return [event["message"] for event in events]


def unique(name: str) -> str:
    return f"{name}-{uuid4().hex[:12]}"


def _input(folder: str, uri: str) -> dict[str, Any]:
    source = {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/{folder}"}
    source |= {"S3DataType": "S3Prefix", "S3InputMode": "File"}
    return {"InputName": folder, "S3Input": source}


def _output(folder: str, uri: str) -> dict[str, Any]:
    target = {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/{folder}"}
    return {"OutputName": folder, "S3Output": {**target, "S3UploadMode": "EndOfJob"}}


def training(name: str, output: str, script: str | None = None, **more: Any) -> dict[str, Any]:
    """Return a CreateTrainingJob that runs a shell script or, without one, `train`."""
    algorithm: dict[str, Any] = {"TrainingImage": "image", "TrainingInputMode": "File"}
    if script is not None:
        algorithm["ContainerEntrypoint"] = ["/bin/bash", "-ec", script]
    algorithm |= more.pop("AlgorithmSpecification", {})
    return {
        "TrainingJobName": name,
        "RoleArn": ROLE,
        "AlgorithmSpecification": algorithm,
        "OutputDataConfig": {"S3OutputPath": output},
        "ResourceConfig": {
            "InstanceCount": 1,
            "InstanceType": "ml.m5.large",
            "VolumeSizeInGB": 1,
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        **more,
    }


def channel(name: str, uri: str) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}


def archive(files: dict[str, str]) -> bytes:
    """Return a .tar.gz of the files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def unpacked(packed: bytes) -> dict[str, bytes]:
    """Return the files of a .tar.gz."""
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        members = {member.name: tar.extractfile(member) for member in tar if member.isfile()}
        return {name: file.read() for name, file in members.items() if file is not None}
