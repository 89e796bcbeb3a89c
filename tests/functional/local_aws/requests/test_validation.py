"""Bad requests are refused over the wire as AWS refuses them, and good ones are not."""

import json
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.support.roles import ROLE
from tests.support.waiting import eventually


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str, int]:
    response = error.value.response
    return (
        response["Error"]["Code"],
        response["Error"]["Message"],
        response["ResponseMetadata"]["HTTPStatusCode"],
    )


def test_sagemaker_refuses_a_bad_job_name(embedded_aws: EmbeddedAws) -> None:
    with pytest.raises(ClientError) as error:
        embedded_aws.client("sagemaker").create_processing_job(
            ProcessingJobName="no_underscores",
            ProcessingResources={
                "ClusterConfig": {
                    "InstanceCount": 1,
                    "InstanceType": "ml.m5.xlarge",
                    "VolumeSizeInGB": 30,
                }
            },
            AppSpecification={"ImageUri": "image"},
            RoleArn=ROLE,
        )
    assert refusal(error) == (
        "ValidationException",
        "1 validation error detected: Value 'no_underscores' at 'processingJobName' failed to "
        "satisfy constraint: Member must satisfy regular expression pattern: "
        "[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
        400,
    )


def test_step_functions_refuse_too_long_a_name(embedded_aws: EmbeddedAws) -> None:
    with pytest.raises(ClientError) as error:
        embedded_aws.client("stepfunctions").create_state_machine(
            name="x" * 81, definition="{}", roleArn=ROLE
        )
    assert refusal(error)[0] == "ValidationException"
    assert "Member must have length less than or equal to 80" in refusal(error)[1]


def test_logs_name_the_error_their_way(embedded_aws: EmbeddedAws) -> None:
    with pytest.raises(ClientError) as error:
        embedded_aws.client("logs").create_log_group(logGroupName="a b")
    assert refusal(error)[0] == "InvalidParameterException"


def test_lambda_refuses_a_bad_setting(embedded_aws: EmbeddedAws, role: str) -> None:
    with pytest.raises(ClientError) as error:
        embedded_aws.client("lambda").create_function(
            FunctionName="settings",
            Runtime="python3.11",
            Role=role,
            Handler="app.handler",
            Code={"ZipFile": b""},
            Environment={"Variables": {"1ST": "no"}},
        )
    assert refusal(error)[0] == "ValidationException"
    assert "at 'environment.variables' failed" in refusal(error)[1]
    assert "'{1ST=no}'" not in refusal(error)[1]  # variables may be secrets


def test_a_step_functions_task_hears_it_too(embedded_aws: EmbeddedAws) -> None:
    """The service integrations go through the same door as any client."""
    parameters = {"ModelPackageGroupName": "no_underscores"}
    state = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sagemaker:createModelPackageGroup",
        "Parameters": parameters,
        "End": True,
    }
    client = embedded_aws.client("stepfunctions")
    machine = client.create_state_machine(
        name=f"machine-{uuid4().hex[:8]}",
        definition=json.dumps({"StartAt": "Create", "States": {"Create": state}}),
        roleArn=ROLE,
    )["stateMachineArn"]
    execution = client.start_execution(stateMachineArn=machine)["executionArn"]
    described = eventually(
        lambda: (
            (found := client.describe_execution(executionArn=execution))["status"] == "FAILED"
            and found
        )
    )
    assert "Member must satisfy regular expression pattern" in described["cause"]


def test_a_typing_mistake_is_logged(embedded_aws: EmbeddedAws) -> None:
    client = embedded_aws.client("sagemaker")

    def add_member(params: dict, **_: object) -> None:
        params["body"] = json.dumps(json.loads(params["body"]) | {"Descripton": "oops"}).encode()

    client.meta.events.register("before-call.sagemaker.CreateModelPackageGroup", add_member)
    client.create_model_package_group(ModelPackageGroupName=f"group-{uuid4().hex[:8]}")
    log = (embedded_aws.data_folder / "server.log").read_text()
    assert "CreateModelPackageGroup: no such member: Descripton" in log


def test_what_is_commonly_sent_is_accepted(embedded_aws: EmbeddedAws) -> None:
    """Names with every allowed character, unicode metadata, and the longest values."""
    sagemaker = embedded_aws.client("sagemaker")
    group = f"group-{uuid4().hex[:8]}"
    sagemaker.create_model_package_group(
        ModelPackageGroupName=group,
        ModelPackageGroupDescription="Größe, 数 – (1)",
        Tags=[{"Key": "owner:team", "Value": "a b/c=d+e-f@g.h_i"}],
    )
    package = sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus="PendingManualApproval",
        ClientToken=str(uuid4()),
        CustomerMetadataProperties={"k" * 128: "v" * 256, "data set": "arn:aws:states:a/b=c+d-e@f"},
        InferenceSpecification={
            "Containers": [{"Image": "image", "ModelDataUrl": "s3://bucket/model.tar.gz"}],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
    )
    assert f"model-package/{group}/1" in package["ModelPackageArn"]
