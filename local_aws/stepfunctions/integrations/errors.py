"""Names of what fails a task: classes of AWS's SDKs for Java, by which a Catch or a Retry goes.

An error that an API's model does not have is one of the service's own class, say `S3.S3Exception`.
https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
"""

from functools import partial
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
    state_task_service_dynamodb,
    state_task_service_sqs,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment

from local_aws.stepfunctions.integrations import java_names
from local_aws.wrapping import Original, replace, wrap

_AwsSdkTask: Any = state_task_service_aws_sdk.StateTaskServiceAwsSdk
_DynamoDbTask: Any = state_task_service_dynamodb.StateTaskServiceDynamoDB
_SqsTask: Any = state_task_service_sqs.StateTaskServiceSqs


def install(endpoint: str) -> None:
    """Name errors so; `endpoint` is the server's own URL."""
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
    hosts = {urlsplit(endpoint).hostname, "localhost", "127.0.0.1"}
    wrap(_SqsTask, "_from_error", _sqs)
    wrap(_SqsTask, "_eval_service_task", partial(_send, hosts))


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


class UnknownHostError(Exception):
    """The URL of a queue leads to no host."""


def _send(hosts: set[str | None], original: Original, self: Any, *args: Any, **given: Any) -> None:
    """Version 1 of the SDK sends to the host that a queue's URL names; boto3 does not look at it.

    Raises:
        UnknownHostError: neither AWS nor this server has that host.
    """
    url = str(given["normalised_parameters"].get("QueueUrl", ""))
    host = urlsplit(url).hostname
    if host not in {*hosts, None} and not str(host).endswith((".amazonaws.com", ".com.cn")):
        raise UnknownHostError(f"Unable to execute HTTP request: {host}: Name or service not known")
    original(self, *args, **given)


def _sqs(original: Original, self: Any, env: Environment, ex: Exception) -> FailureEvent:
    """Name an error by its class; moto names all of them as if SQS could not be reached."""
    if isinstance(ex, UnknownHostError):
        return _failed(self, env, "SQS.SdkClientException", str(ex))
    if not isinstance(ex, ClientError):
        return original(self, env=env, ex=ex)
    is_modelled = type(ex) is not ClientError
    name = java_names.exception(type(ex).__name__) if is_modelled else "AmazonSQSException"
    said, metadata = ex.response["Error"], ex.response["ResponseMetadata"]
    cause = (
        f"{said['Message']} (Service: AmazonSQS; Status Code: {metadata['HTTPStatusCode']}; "
        f"Error Code: {said['Code']}; Request ID: {metadata.get('RequestId')}; Proxy: null)"
    )
    return _failed(self, env, f"SQS.{name}", cause)


def _failed(task: Any, env: Environment, error: str, cause: str) -> FailureEvent:
    details: Any = {
        "taskFailedEventDetails": {
            "error": error,
            "cause": cause,
            "resource": task._get_sfn_resource(),
            "resourceType": task._get_sfn_resource_type(),
        }
    }
    return FailureEvent(
        env=env,
        error_name=CustomErrorName(error),
        event_type=HistoryEventType.TaskFailed,
        event_details=details,
    )
