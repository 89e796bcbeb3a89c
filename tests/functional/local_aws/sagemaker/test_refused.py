"""What the embedded AWS cannot do is refused in one line, and nothing looks as if it were done."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import Account, training, unique
from tests.support.roles import ROLE

REFUSED = [
    (
        "sagemaker",
        "create_endpoint",
        {"EndpointName": "e", "EndpointConfigName": "c"},
        "CreateEndpoint is refused: the embedded AWS serves no models.",
    ),
    (
        "sagemaker",
        "start_pipeline_execution",
        {"PipelineName": "p", "ClientRequestToken": "t" * 32},
        "StartPipelineExecution is refused: the embedded AWS runs no SageMaker Pipelines "
        "(Step Functions' state machines run).",
    ),
    (
        "sagemaker",
        "create_artifact",
        {"Source": {"SourceUri": "s3://b/k"}, "ArtifactType": "t"},
        "CreateArtifact is refused: the embedded AWS keeps no lineage.",
    ),
    (
        "sagemaker",
        "create_image",
        {"ImageName": "i", "RoleArn": ROLE},
        "CreateImage is refused: the embedded AWS does not have this operation.",
    ),
    (
        "sagemaker-runtime",
        "invoke_endpoint",
        {"EndpointName": "e", "Body": b"1"},
        "InvokeEndpoint is refused: the embedded AWS serves no models.",
    ),
    (
        "sagemaker-runtime",
        "invoke_endpoint_async",
        {"EndpointName": "e", "InputLocation": "s3://b/k"},
        "InvokeEndpointAsync is refused: the embedded AWS serves no models.",
    ),
    (
        "sagemaker-featurestore-runtime",
        "put_record",
        {"FeatureGroupName": "g", "Record": [{"FeatureName": "a", "ValueAsString": "1"}]},
        "PutRecord is refused: the embedded AWS has no Feature Store.",
    ),
]
ALGORITHM = "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"
XGBOOST = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
SPARK = "173754725891.dkr.ecr.us-east-1.amazonaws.com/sagemaker-spark-processing:3.3-cpu-py39-v1.1"
NO_IMAGES = "the embedded AWS runs no images, only scripts on this machine's Python."
TRAININGS: list[tuple[dict[str, Any], str]] = [
    (
        {"AlgorithmSpecification": {"TrainingImage": ALGORITHM, "TrainingInputMode": "File"}},
        f"The built-in algorithm 'linear-learner' is not here: {NO_IMAGES}",
    ),
    (
        {"AlgorithmSpecification": {"TrainingImage": XGBOOST, "TrainingInputMode": "File"}},
        "The job names no script (the hyperparameter sagemaker_program, which an estimator's "
        f"entry_point becomes) and no AlgorithmSpecification.ContainerEntrypoint: {NO_IMAGES}",
    ),
    (
        {
            "DebugRuleConfigurations": [
                {"RuleConfigurationName": "r", "RuleEvaluatorImage": "image"},
            ]
        },
        "DebugRuleConfigurations is refused: the embedded AWS evaluates no rules of SageMaker "
        "Debugger.",
    ),
    (
        {"TensorBoardOutputConfig": {"S3OutputPath": "s3://bucket/logs"}},
        "TensorBoardOutputConfig is refused: the embedded AWS uploads nothing for TensorBoard "
        "while a job runs.",
    ),
]


@pytest.fixture
def account(embedded_aws: EmbeddedAws) -> Account:
    return Account(embedded_aws)


@pytest.mark.parametrize(("service", "operation", "request_", "said"), REFUSED)
def test_an_operation_is_refused(
    embedded_aws: EmbeddedAws, service: str, operation: str, request_: dict[str, Any], said: str
) -> None:
    with pytest.raises(ClientError) as caught:
        getattr(embedded_aws.client(service), operation)(**request_)
    answer = caught.value.response
    assert answer["Error"]["Message"] == said
    assert answer["Error"]["Code"] in ("ValidationException", "ValidationError")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_what_was_refused_is_not_there(embedded_aws: EmbeddedAws) -> None:
    sagemaker = embedded_aws.client("sagemaker")
    assert sagemaker.list_endpoints()["Endpoints"] == []
    with pytest.raises(ClientError, match="Could not find endpoint"):
        sagemaker.describe_endpoint(EndpointName="e")


@pytest.mark.parametrize(("members", "said"), TRAININGS)
def test_a_training_is_refused(account: Account, members: dict[str, Any], said: str) -> None:
    script = None if "AlgorithmSpecification" in members else "true"
    asked = training(unique("refused"), account.uri("out"), script, **members)
    with pytest.raises(ClientError, match="ValidationException") as caught:
        account.sagemaker.create_training_job(**asked)
    assert caught.value.response["Error"]["Message"] == said


def test_spark_is_refused(account: Account) -> None:
    asked = account.processing(unique("spark"), "true")
    asked["AppSpecification"] = {"ImageUri": SPARK, "ContainerEntrypoint": ["smspark-submit"]}
    with pytest.raises(ClientError, match=f"ValidationException.*Spark is not here: {NO_IMAGES}"):
        account.sagemaker.create_processing_job(**asked)
