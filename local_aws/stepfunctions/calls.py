"""How a state calls a service: with the machine's role, and as AWS's SDK for Java does.

That SDK tries again what may pass. moto's clients have credentials of nobody and try once, so that
every state could do everything, and one lost answer would fail it. And a service that cannot be
reached fails a task as `<Service>.SdkClientException`, which a Retry may name; moto says
States.Runtime, which no Retry matches.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
"""

import sys
from functools import lru_cache, partial
from importlib import import_module
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEvent
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import TimeoutSeconds
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
    state_task_service_lambda,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment

from local_aws.context import Context
from local_aws.iam import clients
from local_aws.stepfunctions.integrations import metadata
from local_aws.stepfunctions.roles import session_of
from local_aws.wrapping import Original, wrap

_ATTEMPTS = 3

_AwsSdkTask: Any = state_task_service_aws_sdk.StateTaskServiceAwsSdk
_LambdaTask: Any = state_task_service_lambda.StateTaskServiceLambda


def install(context: Context) -> None:
    """Let states act as their role, try again, and name what keeps failing as AWS does."""
    for module in _modules_with_clients():
        optimized = module is not state_task_service_aws_sdk
        module.boto_client_for = partial(_client_for, context.endpoint, optimized)
    wrap(_AwsSdkTask, "_from_error", _aws_sdk_error)
    wrap(_LambdaTask, "_from_error", _lambda_error)
    lambda_client_error = partial(_lambda_client_error, _LambdaTask._error_cause_from_client_error)
    _LambdaTask._error_cause_from_client_error = staticmethod(lambda_client_error)


def _modules_with_clients() -> list[Any]:
    """Return moto's modules that have taken boto_client_for from where it is defined."""
    import_module("moto.stepfunctions.parser.models")  # which imports them all
    return [
        module
        for name, module in list(sys.modules.items())
        if name.startswith("moto.stepfunctions.") and hasattr(module, "boto_client_for")
    ]


def _client_for(
    endpoint: str, optimized: bool, region: str, service: str, state_credentials: Any
) -> Any:
    return _client(endpoint, optimized, region, service, state_credentials.role_arn)


@lru_cache(maxsize=32)
def _client(endpoint: str, optimized: bool, region: str, service: str, role_arn: str) -> Any:
    """A client takes a tenth of a second to make and a megabyte to keep, so states share them."""
    client = clients.client(service, session_of(role_arn), endpoint, region, _config())
    return metadata.attach(client) if optimized else client


def _config() -> Config:
    seconds = TimeoutSeconds.DEFAULT_TIMEOUT_SECONDS
    return Config(
        parameter_validation=False,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        connect_timeout=seconds,
        read_timeout=seconds,
    )


def _aws_sdk_error(original: Original, self: Any, env: Environment, ex: Exception) -> FailureEvent:
    if not isinstance(ex, BotoCoreError):
        return original(self, env=env, ex=ex)
    return _unreachable(self, env, self._normalise_service_error_name(self.resource.api_name), ex)


def _lambda_error(original: Original, self: Any, env: Environment, ex: Exception) -> FailureEvent:
    if not isinstance(ex, BotoCoreError):
        return original(self, env=env, ex=ex)
    return _unreachable(self, env, "Lambda", ex)


def _lambda_client_error(original: Original, error: ClientError) -> tuple[str, str]:
    """A refusal has no class in AWS's SDK for Java, by whose classes errors are named."""
    name, cause = original(error)
    denied = name == "Lambda.AccessDeniedException"
    return "Lambda.AWSLambdaException" if denied else name, cause


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
