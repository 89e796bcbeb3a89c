"""moto's Lambda, made to run the functions that were deployed to it.

moto keeps the functions, their versions, aliases and policies. Where it would start a Docker
container, this module puts `LambdaService` in place.
"""

import base64
import copy
import io
import zipfile
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.core.responses import BaseResponse

from local_aws.awslambda import ahead
from local_aws.awslambda.answers import aliases
from local_aws.awslambda.asynchronous import ThrottledError
from local_aws.awslambda.code import CodeTooLargeError, check_size
from local_aws.awslambda.environment import Outcome
from local_aws.awslambda.runtime_api import Event
from local_aws.awslambda.service import LambdaService
from local_aws.context import Context
from local_aws.requests import numbers
from local_aws.stepfunctions import executions
from local_aws.wrapping import Original, replace, wrap

# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_REQUEST_BYTES = 6_291_456
MAX_EVENT_BYTES = 1_048_576

_REQUEST_ID = "x-amzn-requestid"


class PayloadTooLargeError(LambdaClientError):
    """The request's payload is beyond Lambda's limit."""

    code = 413

    def __init__(self, message: str) -> None:
        super().__init__("RequestEntityTooLargeException", message)


class InvalidPayloadError(LambdaClientError):
    """The request's payload is not JSON."""

    def __init__(self, problem: ValueError) -> None:
        super().__init__(
            "InvalidRequestContentException", f"Could not parse request body into json: {problem}"
        )


class TooManyRequestsError(LambdaClientError):
    """The function's reserved concurrency is used up."""

    code = 429

    def __init__(self) -> None:
        super().__init__("TooManyRequestsException", "Rate Exceeded.")


class UnsupportedRuntimeError(LambdaClientError):
    """The function is not a zip of Python code, the one kind that the embedded AWS runs."""

    code = 502

    def __init__(self, function: LambdaFunction) -> None:
        super().__init__(
            "InvalidRuntimeException",
            f"{function.function_name} is a {function.package_type} function for "
            f"{function.run_time}; the embedded AWS runs Zip functions for Python only",
        )


def install(context: Context) -> LambdaService:
    """Make every way to invoke a function run it; return what runs them."""
    service = LambdaService(context)
    context.register_shutdown(service.close)
    executions.status_observers.append(ahead.observer(service))

    def invoke_api(response: LambdaResponse) -> tuple[int, dict[str, str], bytes]:
        return _answer_invoke(service, response)

    def invoke_for_another_service(  # noqa: PLR0917 (moto's signature)
        backend: LambdaBackend,
        function_name: str,
        qualifier: str | None,
        body: str,
        headers: Any,  # noqa: ARG001 (moto's signature)
        response_headers: dict[str, str],
    ) -> bytes:
        function = backend.get_function(function_name, qualifier)
        return _invoke_for_another_service(service, function, body, response_headers)

    def invoke_for_sender(function: LambdaFunction, body: str, *_: Any) -> bytes:
        return _invoke_for_sender(service, function, body)

    replace(LambdaResponse, invoke=invoke_api, _enrich_response=staticmethod(_keep_request_id))
    replace(LambdaBackend, invoke=invoke_for_another_service)
    replace(LambdaFunction, invoke=invoke_for_sender)
    wrap(LambdaFunction, "_set_function_code", _refusing_bad_zips)
    wrap(LambdaFunction, "update_configuration", _with_key)
    return service


def _with_key(original: Original, self: LambdaFunction, updates: dict[str, Any]) -> Any:
    """Take a key for the variables, which moto passes over."""
    if "KMSKeyArn" in updates:
        self.kms_key_arn = updates["KMSKeyArn"]
    return original(self, updates)


def event_of(payload: bytes, headers: Mapping[str, str]) -> Event:
    """Return an event with a fresh request id; raise what AWS answers to a bad payload."""
    try:
        numbers.load(payload or b"{}")
    except ValueError as error:
        raise InvalidPayloadError(error) from error
    client_context = headers.get("X-Amz-Client-Context")
    runtime_headers = {}
    if client_context:
        decoded = base64.b64decode(client_context).decode()
        runtime_headers["Lambda-Runtime-Client-Context"] = decoded
    return Event(str(uuid4()), payload or b"{}", runtime_headers)


def _answer_invoke(
    service: LambdaService, response: LambdaResponse
) -> tuple[int, dict[str, str], bytes]:
    """https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html"""
    name = unquote(response.path.rsplit("/", 2)[-2])
    qualifier = response.querystring.get("Qualifier", [None])[0]
    function = response.backend.get_function(name, qualifier)
    named = _as_named(function, name, qualifier)
    function = _runnable(aliases.chosen(function, named))
    kind = response.headers.get("X-Amz-Invocation-Type", "RequestResponse")
    payload = _bytes(response.body)
    _check_size(payload, kind)
    event = event_of(payload, response.headers)
    headers = {_REQUEST_ID: event.request_id}
    if kind == "DryRun":
        return 204, {**headers, "status": "204"}, b""
    if kind == "Event":
        service.accept(function, event, named)
        return 202, {**headers, "status": "202"}, b""
    try:
        outcome = service.invoke(function, event)
    except ThrottledError as error:
        raise TooManyRequestsError from error
    headers["X-Amz-Executed-Version"] = str(function.version)
    if response.headers.get("X-Amz-Log-Type") == "Tail":
        headers["X-Amz-Log-Result"] = base64.b64encode(outcome.log_tail).decode()
    return 200, {**headers, **_error_header(outcome)}, outcome.payload


def _keep_request_id(headers: dict[str, str], body: Any) -> tuple[dict[str, str], Any]:
    """The id that Invoke answers is the one in the function's log; moto's is no UUID either."""
    own = headers.get(_REQUEST_ID) or str(uuid4())
    headers, body = BaseResponse._enrich_response(headers, body)
    return {**headers, _REQUEST_ID: own}, body


def _invoke_for_another_service(
    service: LambdaService, function: LambdaFunction, body: str, response_headers: dict[str, str]
) -> bytes:
    """Invoke for what waits for the outcome and reads the headers: a rotation of secrets does."""
    outcome = service.invoke(_runnable(function), event_of(_bytes(body), {}))
    response_headers.update(_error_header(outcome))
    return outcome.payload


def _invoke_for_sender(service: LambdaService, function: LambdaFunction, body: str) -> bytes:
    """Invoke for what sends an event and goes on: S3, SNS, a log subscription."""
    service.accept(_runnable(function), event_of(_bytes(body), {}))
    return b""


def _as_named(function: LambdaFunction, name: str, qualifier: str | None) -> str:
    """Return the function's ARN with the version or alias that a request names, if it does."""
    qualifier = name.rpartition(":function:")[2].partition(":")[2] or qualifier
    arn = function.function_arn.removesuffix(f":{function.version}")
    return f"{arn}:{qualifier}" if qualifier else arn


def _error_header(outcome: Outcome) -> dict[str, str]:
    return {"x-amz-function-error": "Unhandled"} if outcome.failed else {}


def _check_size(payload: bytes, kind: str) -> None:
    size = len(payload)
    if kind == "Event" and size > MAX_EVENT_BYTES:
        raise PayloadTooLargeError(
            f"{size} byte payload is too large for the Event invocation type "
            f"(limit {MAX_EVENT_BYTES} bytes)"
        )
    if size > MAX_REQUEST_BYTES:
        raise PayloadTooLargeError(
            f"Request must be smaller than {MAX_REQUEST_BYTES} bytes for the InvokeFunction "
            "operation"
        )


def _runnable(function: LambdaFunction) -> LambdaFunction:
    if function.package_type != "Zip" or not (function.run_time or "").startswith("python"):
        raise UnsupportedRuntimeError(function)
    return function


def _refusing_bad_zips(original: Original, function: LambdaFunction, spec: dict[str, Any]) -> None:
    """AWS opens the zip before it accepts it; moto stores any bytes."""
    before = copy.copy(function.__dict__)
    before["code"] = copy.copy(function.code)
    original(function, spec)
    try:
        _check_zip(getattr(function, "code_bytes", b""))
    except InvalidParameterValueException:
        function.__dict__.update(before)
        raise


def _check_zip(code: bytes) -> None:
    if not code:
        return
    try:
        with zipfile.ZipFile(io.BytesIO(code)) as archive:
            check_size(archive)
    except zipfile.BadZipFile as error:
        raise InvalidParameterValueException(
            "Could not unzip uploaded file. Please check your file, then try to upload again."
        ) from error
    except CodeTooLargeError as error:
        raise InvalidParameterValueException(
            "Unzipped size must be smaller than 262144000 bytes"
        ) from error


def _bytes(body: str | bytes | None) -> bytes:
    return body.encode() if isinstance(body, str) else body or b""
