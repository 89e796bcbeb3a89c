"""Has every task convert what it asks and what it is answered; moto's hooks for that are empty."""

import json
from functools import cache
from typing import Any
from uuid import uuid4

from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.model import OperationModel
from moto.core.utils import get_service_model
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service import (  # noqa: E501
    StateTaskService,
)

from local_aws.stepfunctions.integrations import java_names
from local_aws.stepfunctions.integrations.conversion import (
    AWS_SDK,
    OPTIMIZED,
    Style,
    answer,
    request,
)
from local_aws.wrapping import Original, replace, wrap

_AwsSdkTask: Any = state_task_service_aws_sdk.StateTaskServiceAwsSdk


def install() -> None:
    """Fill the hooks."""
    wrap(StateTaskService, "_get_boto_service_name", _boto_service)
    wrap(StateTaskService, "_get_boto_service_action", _boto_action)
    replace(
        StateTaskService,
        _normalise_parameters=_to_request,
        _normalise_response=_to_output,
    )


def _boto_service(original: Original, self: StateTaskService, name: str | None = None) -> str:
    """`aws-sdk:cloudwatchlogs` is boto3's `logs`."""
    known = original(self, name)
    return java_names.boto_service(known) or str(known)


def _boto_action(original: Original, self: StateTaskService, action: str | None = None) -> str:
    """`describeDBInstances` is boto3's `describe_db_instances`."""
    operation = _operation(self._get_boto_service_name(), action or self.resource.api_action)
    return xform_name(operation.name) if operation else str(original(self, action))


def _to_request(
    self: StateTaskService,
    parameters: dict[str, Any],
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
    """Turn the parameters into the request's, in place.

    Raises:
        ValueError: they have a field that the API does not have.
        ClientError: they lack one that the API requires, where its service says so itself.
    """
    operation = _operation_of(self, boto_service_name, service_action_name)
    if operation is None:
        return
    try:
        converted = request(parameters, operation.input_shape, _style(self))
    except ValueError as error:
        given = json.dumps(parameters, separators=(",", ":"))
        raise ValueError(
            f"The Parameters '{given}' could not be used to start the Task: [{error}]"
        ) from error
    parameters.clear()
    parameters.update(converted or {})
    if isinstance(self, _AwsSdkTask):
        _check_required(operation, parameters)


def _to_output(
    self: StateTaskService,
    response: Any,
    boto_service_name: str | None = None,
    service_action_name: str | None = None,
) -> None:
    """Turn the answer into JSON, in place, so that nothing else is ever kept."""
    if not isinstance(response, dict):
        return
    operation = _operation_of(self, boto_service_name, service_action_name)
    converted = answer(response, operation.output_shape if operation else None, _style(self))
    response.clear()
    response.update(converted)


def _style(task: StateTaskService) -> Style:
    return AWS_SDK if isinstance(task, _AwsSdkTask) else OPTIMIZED


def _operation_of(
    task: StateTaskService, service: str | None, action: str | None
) -> OperationModel | None:
    return _operation(task._get_boto_service_name(service), action or str(task.resource.api_action))


@cache
def _operation(service: str, action: str) -> OperationModel | None:
    """Return the operation that a task names as Java or boto3 does; None if AWS has none such."""
    if java_names.boto_service(service) is None:
        return None
    model = get_service_model(service)
    wanted = action.replace("_", "").lower()
    found = next((name for name in model.operation_names if name.lower() == wanted), None)
    return model.operation_model(found) if found else None


def _check_required(operation: OperationModel, parameters: dict[str, Any]) -> None:
    """AWS's services of JSON name the members that are missing by their first letter in lower case.

    Raises:
        ClientError: as the service raises it.
    """
    if operation.input_shape is None or operation.service_model.metadata["protocol"] != "json":
        return
    missing = [name for name in operation.input_shape.required_members if name not in parameters]
    if not missing:
        return
    noun = "error" if len(missing) == 1 else "errors"
    said = "; ".join(
        f"Value null at '{name[0].lower() + name[1:]}' failed to satisfy constraint: "
        "Member must not be null"
        for name in missing
    )
    error: Any = {
        "Error": {
            "Code": "ValidationException",
            "Message": f"{len(missing)} validation {noun} detected: {said}",
        },
        "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": str(uuid4())},
    }
    raise ClientError(error, operation.name)
