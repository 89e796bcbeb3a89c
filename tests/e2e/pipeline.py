"""What a user does with a deployed pipeline, through boto3 alone."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from state_machine.config import PipelineConfig
from state_machine.deployment.stage import Deployment, deploy
from tests.support.paths import PROJECT
from tests.support.waiting import eventually

EXECUTION_SECONDS = 240.0
ENDED = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


class Pipeline:
    """A stage on the embedded AWS."""

    deployment: Deployment

    def __init__(self, aws: EmbeddedAws, project: Path) -> None:
        self.aws = aws
        self._project = project
        self.states = aws.client("stepfunctions")
        self.s3 = aws.client("s3")
        self.sagemaker = aws.client("sagemaker")
        self.lambdas = aws.client("lambda")

    def deploy(self, settings: PipelineConfig) -> None:
        self.deployment = deploy(
            settings,
            stage="dev",
            session=self.aws.session(),
            project=self._project,
            progress=lambda _: None,
        )

    def put(self, dataset: str, file: Path) -> str:
        """Upload one file of a data set; return its key."""
        key = f"raw_data/{dataset}/{file.name}"
        self.s3.put_object(Bucket=self.deployment.bucket, Key=key, Body=file.read_bytes())
        return key

    def invoke(self, function: str, payload: Any) -> Any:
        """Invoke a Lambda and return its result; an error of the function fails the test."""
        answer = self.lambdas.invoke(
            FunctionName=self.deployment.functions[function], Payload=json.dumps(payload)
        )
        body = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, body
        return body

    def start(self, execution_input: dict[str, Any]) -> str:
        """Start an execution as the console does; return its ARN."""
        started = self.states.start_execution(
            stateMachineArn=self.deployment.state_machine_arn, input=json.dumps(execution_input)
        )
        return str(started["executionArn"])

    def executions(self) -> list[str]:
        """The ARNs of all executions, newest first."""
        listed = self.states.list_executions(stateMachineArn=self.deployment.state_machine_arn)
        return [execution["executionArn"] for execution in listed["executions"]]

    def end_of(self, execution_arn: str) -> dict[str, Any]:
        """Wait for the end of an execution; return it with its output read as JSON."""

        def ended() -> dict[str, Any] | None:
            described: dict[str, Any] = self.states.describe_execution(executionArn=execution_arn)
            return described if described["status"] in ENDED else None

        execution = eventually(ended, timeout=EXECUTION_SECONDS, every=0.2)
        assert execution is not None
        if "output" in execution:
            execution["output"] = json.loads(execution["output"])
        return execution

    def failures(self, execution_arn: str) -> list[str]:
        """What failed on the way, in order: errors and causes, those that a Retry made good too."""
        pages = self.states.get_paginator("get_execution_history").paginate(
            executionArn=execution_arn
        )
        events = (event for page in pages for event in page["events"])
        details = (found for event in events for found in event.values() if isinstance(found, dict))
        return [f"{found['error']}: {found.get('cause')}" for found in details if "error" in found]

    def registered(self, execution_arn: str) -> dict[str, Any]:
        """Wait for the end of an execution and return the model package that it registered."""
        execution = self.end_of(execution_arn)
        assert execution["status"] == "SUCCEEDED", (execution.get("error"), execution.get("cause"))
        package_arn = execution["output"]["registration"]["model_package_arn"]
        package: dict[str, Any] = self.sagemaker.describe_model_package(
            ModelPackageName=package_arn
        )
        return package

    def model_packages(self) -> list[str]:
        """The ARNs of all registered model packages."""
        pages = self.sagemaker.get_paginator("list_model_packages").paginate(
            ModelPackageGroupName=self.deployment.model_package_group
        )
        packages = [package for page in pages for package in page["ModelPackageSummaryList"]]
        return [package["ModelPackageArn"] for package in packages]

    def object(self, uri: str) -> bytes:
        """The content of an object named by its s3:// URI."""
        bucket, key = uri.removeprefix("s3://").split("/", 1)
        content: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def keys(self, uri: str) -> list[str]:
        """The keys of all objects that start with the s3:// URI, in order."""
        bucket, prefix = uri.removeprefix("s3://").split("/", 1)
        listed = self.s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
        return [item["Key"] for item in listed.get("Contents", [])]

    def etags(self, uri: str) -> dict[str, str]:
        """The ETag of each object below the s3:// URI, by the part of its key after the URI's."""
        bucket, prefix = uri.removeprefix("s3://").split("/", 1)
        listed = self.s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/")
        return {
            item["Key"].removeprefix(f"{prefix}/"): item["ETag"]
            for item in listed.get("Contents", [])
        }


@contextmanager
def deployed(
    folder: Path, settings: PipelineConfig, arguments: Sequence[str] = ()
) -> Iterator[Pipeline]:
    """A stage on an embedded AWS of its own, to which the environment leads meanwhile."""
    with EmbeddedAws(folder, arguments=arguments) as aws, pytest.MonkeyPatch.context() as patched:
        for name, value in aws.environment().items():
            patched.setenv(name, value)
        pipeline = Pipeline(aws, PROJECT)
        pipeline.deploy(settings)
        yield pipeline
