"""Requests are held against botocore's service models before moto sees them, as AWS holds them.

boto3 checks types, required members and lower bounds only, so that a job name with an underscore
passes there and is refused by AWS. https://docs.aws.amazon.com/sagemaker/latest/APIReference/CommonErrors.html
"""

import json
import logging
from typing import Any
from uuid import uuid4

from botocore.model import OperationModel, OperationNotFoundError
from moto.core.responses import TYPE_RESPONSE, BaseResponse
from moto.core.utils import get_service_model

from local_aws.requests.constraints import SerializationError, unknown_members, violations
from local_aws.wrapping import Original, wrap

# The error code by which each service names a request that fails its model.
CHECKED_SERVICES = {
    "sagemaker": "ValidationException",
    "stepfunctions": "ValidationException",
    "lambda": "ValidationException",
    "events": "ValidationException",
    "logs": "InvalidParameterException",
}

_log = logging.getLogger(__name__)


def install() -> None:
    """Check requests where moto dispatches them to its services."""
    wrap(BaseResponse, "call_action", _refuse_or_call)


def _refuse_or_call(original: Original, response: BaseResponse) -> TYPE_RESPONSE:
    return _refusal(response) or original(response)


def problem_with(operation: OperationModel, body: str, code: str) -> tuple[str, str] | None:
    """Return AWS's error code and message for a request's JSON body, or None if it is fine."""
    if operation.input_shape is None or "payload" in operation.input_shape.serialization:
        return None
    try:
        request = json.loads(body or "{}")
        found = list(violations(operation.input_shape, request))
    except json.JSONDecodeError as error:
        return "SerializationException", str(error)
    except SerializationError as error:
        return "SerializationException", str(error)
    for path in unknown_members(operation.input_shape, request):
        _log.warning("%s: no such member: %s (ignored)", operation.name, path)
    if not found:
        return None
    noun = "error" if len(found) == 1 else "errors"
    return code, f"{len(found)} validation {noun} detected: {'; '.join(found)}"


def _refusal(response: BaseResponse) -> TYPE_RESPONSE | None:
    service = response.boto3_service_name
    if service not in CHECKED_SERVICES:
        return None
    operation = _operation(service, response)
    if operation is None:
        return None
    problem = problem_with(operation, _text(response.body), CHECKED_SERVICES[service])
    if problem is None:
        return None
    code, message = problem
    _log.info("%s refused: %s: %s", operation.name, code, message)
    headers = {
        **response.response_headers,
        "x-amzn-requestid": str(uuid4()),
        "x-amzn-errortype": code,
        "status": "400",
    }
    return 400, headers, json.dumps({"__type": code, "message": message})


def _operation(service: str, response: BaseResponse) -> OperationModel | None:
    try:
        return get_service_model(service).operation_model(response._get_action())
    except OperationNotFoundError:
        return None


def _text(body: Any) -> str:
    return body.decode(errors="replace") if isinstance(body, bytes) else body or ""
