"""Names of what fails a task: classes of AWS's SDKs for Java, by which a Catch or a Retry goes.

An error that an API's model does not have is one of the service's own class, say `S3.S3Exception`.
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from typing import Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
    state_task_service_dynamodb,
)

from local_aws.stepfunctions.integrations import java_names
from local_aws.wrapping import Original, replace

_AwsSdkTask: Any = state_task_service_aws_sdk.StateTaskServiceAwsSdk
_DynamoDbTask: Any = state_task_service_dynamodb.StateTaskServiceDynamoDB


def install() -> None:
    """Name errors so."""
    replace(
        _AwsSdkTask,
        _normalise_service_error_name=staticmethod(_service),
        _normalise_exception_name=staticmethod(aws_sdk_error),
    )
    cause_of = _DynamoDbTask._error_cause_from_client_error
    replace(
        _DynamoDbTask,
        _error_cause_from_client_error=staticmethod(lambda error: _dynamodb(cause_of, error)),
    )


def _service(name: str) -> str:
    known = java_names.boto_service(name)
    return java_names.service_of(known) if known else java_names.pascal(name)


def aws_sdk_error(service: str, error: Exception) -> str:
    """Return `S3.NoSuchKeyException`; botocore's class is of the name that the API's model has."""
    name = type(error).__name__
    is_modelled = isinstance(error, ClientError) and type(error) is not ClientError
    return f"{service}.{java_names.exception(name if is_modelled else service)}"


def _dynamodb(original: Original, error: ClientError) -> tuple[str, str]:
    """The optimized integration goes by version 1 of the SDK."""
    name, cause = original(error)
    return "DynamoDB.AmazonDynamoDBException" if type(error) is ClientError else name, cause
