"""Requests refused before their service: by offered.json, service_limits.json, IAM's by its model.

The services that speak JSON are held against their models in validation.py, where moto dispatches
to them. IAM speaks in forms, whose members only a parser by its model knows. S3's model has next to
no bounds: its rules for names are in service_limits.json.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from local_aws.requests import offered, service_limits
from local_aws.requests.calls import Call, call_of, parameters_of
from local_aws.requests.constraints import SerializationError, violations
from local_aws.requests.refusals import Refusal, refuse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# The error code by which a service that is checked here names a request that fails its model.
CHECKED_SERVICES = {"iam": "ValidationError"}


def refusal(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes] | None:
    """Answer a request that AWS refuses for what it says; return None for any other."""
    call = call_of(environ)
    not_offered = offered.refusal(call, environ) if call else None
    if call is not None and not_offered is not None:
        return refuse(call, not_offered, environ, start_response)
    if call is None or not (call.service in CHECKED_SERVICES or service_limits.has_limits(call)):
        return None
    # S3's members that have limits stand in the path; its bodies may be large.
    found = call.path_parameters if call.service == "s3" else parameters_of(call, environ)
    problem = against_model(call, found)
    if problem is None and not _fails_its_model(call, found):
        problem = service_limits.refusal(call, found)
    return None if problem is None else refuse(call, problem, environ, start_response)


def _fails_its_model(call: Call, parameters: Mapping[str, Any]) -> bool:
    """Tell whether AWS says something else first: it holds a request against its model."""
    shape = call.model.input_shape if call.model else None
    if call.service == "s3" or shape is None:
        return False
    try:
        return any(True for _ in violations(shape, parameters))
    except SerializationError:
        return True


def against_model(call: Call, parameters: Mapping[str, Any]) -> Refusal | None:
    """Return how IAM refuses what fails its model.

    https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html
    """
    shape = call.model.input_shape if call.model else None
    if call.service not in CHECKED_SERVICES or shape is None:
        return None
    try:
        found = list(violations(shape, parameters))
    except SerializationError:
        return None  # a form has texts only: moto says what is wrong with one
    if not found:
        return None
    noun = "error" if len(found) == 1 else "errors"
    message = f"{len(found)} validation {noun} detected: {'; '.join(found)}"
    return Refusal(HTTPStatus.BAD_REQUEST, CHECKED_SERVICES[call.service], message)
