"""A deployment of the real project, read back through boto3."""

import json
from pathlib import Path
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from state_machine import config
from state_machine.config import PipelineConfig
from state_machine.deployment import Deployment, deploy
from state_machine.errors import DeploymentError

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with (
        EmbeddedAws(tmp_path_factory.mktemp("aws")) as started,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in started.environment().items():
            environment.setenv(name, value)
        yield started


@pytest.fixture(scope="module")
def pipeline() -> PipelineConfig:
    return config.load(PROJECT / "pipeline.toml")


def bring_up(aws: EmbeddedAws, pipeline: PipelineConfig, stage: str = "dev") -> Deployment:
    steps: list[str] = []
    deployment = deploy(
        pipeline, stage=stage, session=aws.session(), project=PROJECT, progress=steps.append
    )
    assert len(steps) == 6
    return deployment


@pytest.fixture(scope="module")
def deployment(aws: EmbeddedAws, pipeline: PipelineConfig) -> Deployment:
    return bring_up(aws, pipeline)


def test_the_bucket_is_versioned_encrypted_and_closed(
    aws: EmbeddedAws, deployment: Deployment
) -> None:
    s3 = aws.client("s3")
    bucket = deployment.bucket

    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    encryption = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    assert encryption["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())


def test_uploads_below_raw_data_trigger_the_lambda(
    aws: EmbeddedAws, deployment: Deployment
) -> None:
    notification = aws.client("s3").get_bucket_notification_configuration(Bucket=deployment.bucket)

    (trigger,) = notification["LambdaFunctionConfigurations"]
    assert trigger["LambdaFunctionArn"].endswith(":function:retrain-dev-on_upload")
    assert trigger["Filter"]["Key"]["FilterRules"][0]["Value"] == "raw_data/"


def test_the_lambdas_carry_what_they_need_to_know(
    aws: EmbeddedAws, deployment: Deployment, pipeline: PipelineConfig
) -> None:
    for name in deployment.functions.values():
        function = aws.client("lambda").get_function_configuration(FunctionName=name)
        variables = function["Environment"]["Variables"]
        assert variables["RETRAIN_BUCKET"] == deployment.bucket
        assert variables["RETRAIN_STATE_MACHINE_ARN"] == deployment.state_machine_arn
        assert json.loads(variables["RETRAIN_REQUIRED_FILES"]) == pipeline.data.required_files


def test_the_code_lies_where_the_definition_says(aws: EmbeddedAws, deployment: Deployment) -> None:
    described = aws.client("stepfunctions").describe_state_machine(
        stateMachineArn=deployment.state_machine_arn
    )
    prepare = json.loads(described["definition"])["States"]["PrepareRun"]
    prefix = prepare["Parameters"]["Payload"]["defaults"]["code"]["s3_uri"].split("/", 3)[3]

    listed = aws.client("s3").list_objects_v2(Bucket=deployment.bucket, Prefix=prefix)
    assert [item["Key"].removeprefix(prefix) for item in listed["Contents"]] == [
        "process.sh",
        "sourcedir.tar.gz",
    ]


def test_deploying_again_changes_nothing_but_what_changed(
    aws: EmbeddedAws, deployment: Deployment, pipeline: PipelineConfig
) -> None:
    gate = pipeline.gate.thresholds[0].model_copy(update={"value": 0.99})
    stricter = pipeline.model_copy(
        update={"gate": pipeline.gate.model_copy(update={"thresholds": [gate]})}
    )

    again = bring_up(aws, stricter)

    assert again == deployment
    client = aws.client("stepfunctions")
    assert len(client.list_state_machines()["stateMachines"]) == 1
    assert len(aws.client("lambda").list_functions()["Functions"]) == 4
    described = client.describe_state_machine(stateMachineArn=again.state_machine_arn)
    check = json.loads(described["definition"])["States"]["CheckMetrics"]
    assert check["Parameters"]["Payload"]["gate"]["thresholds"][0]["value"] == 0.99


def test_a_policy_that_speaks_of_another_pipeline_is_named_before_anything_is_deployed(
    aws: EmbeddedAws, pipeline: PipelineConfig
) -> None:
    with pytest.raises(DeploymentError, match=r"policy-dev\.json: found no 'other-dev'"):
        bring_up(aws, pipeline.model_copy(update={"name": "other"}))

    buckets = [bucket["Name"] for bucket in aws.client("s3").list_buckets()["Buckets"]]
    assert not [bucket for bucket in buckets if bucket.startswith("other")]


def test_a_stage_that_chalice_does_not_know_is_named(
    aws: EmbeddedAws, pipeline: PipelineConfig
) -> None:
    with pytest.raises(DeploymentError, match=r"found the stages dev, expected one named 'prod'"):
        bring_up(aws, pipeline, stage="prod")
