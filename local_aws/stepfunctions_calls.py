"""How a state calls a service: as AWS's SDK for Java does, which tries again what may pass.

moto's clients try once, so that one lost answer would fail a state. And a service that cannot be
reached fails a task as `<Service>.SdkClientException`, which a Retry may name; moto says
States.Runtime, which no Retry matches.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
"""

from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
    state_task_service_lambda,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.utils import boto_client

from local_aws.server import Context

_ATTEMPTS = 3

_AwsSdkTask: Any = state_task_service_aws_sdk.StateTaskServiceAwsSdk
_LambdaTask: Any = state_task_service_lambda.StateTaskServiceLambda
_moto_aws_sdk_error = _AwsSdkTask._from_error
_moto_lambda_error = _LambdaTask._from_error


def install(context: Context) -> None:  # noqa: ARG001 (every extension is given the context)
    """Let states try again, and name what keeps failing as AWS does."""
    boto_client.Config = _patient  # type: ignore[misc,assignment]
    _AwsSdkTask._from_error = _aws_sdk_error
    _LambdaTask._from_error = _lambda_error


def _patient(**options: Any) -> Config:
    retries: Any = {"mode": "standard", "total_max_attempts": _ATTEMPTS}
    return Config(**{**options, "retries": retries})


def _aws_sdk_error(self: Any, env: Environment, ex: Exception) -> FailureEvent:
    if not isinstance(ex, BotoCoreError):
        return _moto_aws_sdk_error(self, env=env, ex=ex)
    return _unreachable(self, env, self._normalise_service_error_name(self.resource.api_name), ex)


def _lambda_error(self: Any, env: Environment, ex: Exception) -> FailureEvent:
    if not isinstance(ex, BotoCoreError):
        return _moto_lambda_error(self, env=env, ex=ex)
    return _unreachable(self, env, "Lambda", ex)


def _unreachable(task: Any, env: Environment, service: str, ex: BotoCoreError) -> FailureEvent:
    error = f"{service}.SdkClientException"
    details: Any = {
        "taskFailedEventDetails": {
            "error": error,
            "cause": str(ex),
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
