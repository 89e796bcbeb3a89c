import pytest
from moto.core.utils import get_service_model

from local_aws.stepfunctions.integrations.java_names import (
    boto_service,
    exception,
    field,
    service_of,
)


@pytest.mark.parametrize(
    ("member", "name"),
    [
        ("ETag", "ETag"),
        ("ACL", "Acl"),
        ("SSEKMSKeyId", "SsekmsKeyId"),
        ("stateMachineArn", "StateMachineArn"),
        ("MD5OfMessageBody", "Md5OfMessageBody"),
        ("BOOL", "Bool"),
        ("NULL", "Nul"),
        ("S", "S"),
    ],
)
def test_a_field_is_called_as_the_sdk_for_java_calls_it(member: str, name: str) -> None:
    assert field(member) == name


@pytest.mark.parametrize(
    ("called", "boto", "errors"),
    [
        ("s3", "s3", "S3"),
        ("dynamodb", "dynamodb", "DynamoDb"),
        ("sfn", "stepfunctions", "Sfn"),
        ("ssm", "ssm", "Ssm"),
        ("cloudwatchlogs", "logs", "CloudWatchLogs"),
        ("eventbridge", "events", "EventBridge"),
        ("secretsmanager", "secretsmanager", "SecretsManager"),
        ("sagemaker", "sagemaker", "SageMaker"),
        ("sagemakerruntime", "sagemaker-runtime", "SageMakerRuntime"),
        ("lambda", "lambda", "Lambda"),
        ("elasticloadbalancingv2", "elbv2", "ElasticLoadBalancingV2"),
    ],
)
def test_a_service_is_called_as_the_sdk_for_java_calls_it(
    called: str, boto: str, errors: str
) -> None:
    assert boto_service(called) == boto
    assert service_of(boto) == errors
    assert get_service_model(boto)


def test_a_service_that_there_is_not_has_no_name() -> None:
    assert boto_service("nothing") is None


@pytest.mark.parametrize(
    ("shape", "name"),
    [
        ("NoSuchKey", "NoSuchKeyException"),
        ("ResourceNotFoundException", "ResourceNotFoundException"),
        ("KMSInvalidStateException", "KmsInvalidStateException"),
        ("DBInstanceNotFoundFault", "DbInstanceNotFoundException"),
    ],
)
def test_an_error_is_called_as_the_sdk_for_java_calls_it(shape: str, name: str) -> None:
    assert exception(shape) == name
