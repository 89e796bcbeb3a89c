"""A call that is refused before anything was done: AWS's answer, in the service's protocol."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import uuid4
from xml.sax.saxutils import escape

from botocore.exceptions import BotoCoreError
from moto.core.utils import get_service_model

from local_aws.requests.calls import Call

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def protocol_of(call: Call) -> str:
    """Return the protocol in which the call's service speaks."""
    try:
        return str(get_service_model(call.service).protocol)
    except BotoCoreError:  # no service of botocore's
        return "json"


def protocol_spoken(call: Call, environ: "WSGIEnvironment") -> str:
    """Return the protocol in which the request is written: a service may know several."""
    protocol = protocol_of(call)
    kind = environ.get("CONTENT_TYPE", "")
    if call.service == "s3" or protocol.startswith("rest"):
        return protocol  # the kind is that of what is sent
    if kind.startswith("application/x-amz-json"):
        return "json"
    if kind.startswith("application/x-www-form-urlencoded") and protocol != "ec2":
        return "query"
    return protocol


@dataclass(frozen=True)
class Refusal:
    """An error of AWS: HTTP status, code and message."""

    status: int
    code: str
    message: str


def refuse(
    call: Call, refusal: Refusal, environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    """Answer with the error; a HEAD gets its status only."""
    request_id = str(uuid4())
    body = b""
    if environ["REQUEST_METHOD"] != "HEAD":
        body = _error(call, protocol_spoken(call, environ), refusal, request_id).encode()
    headers = [
        ("Content-Length", str(len(body))),
        ("x-amzn-RequestId", request_id),
        ("x-amzn-ErrorType", refusal.code),
    ]
    start_response(f"{refusal.status:d} {HTTPStatus(refusal.status).phrase}", headers)
    return [body]


def _error(call: Call, protocol: str, refusal: Refusal, request_id: str) -> str:
    """Write the error as the protocol has it; S3 leaves out the wrapping of other XML.

    https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html#error-response-serialization
    https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html
    """
    identity = f"<RequestId>{request_id}</RequestId>"
    error = f"<Code>{refusal.code}</Code><Message>{escape(refusal.message)}</Message>"
    if call.service == "s3":
        return f"<Error>{error}{identity}</Error>"
    if protocol in ("query", "rest-xml"):
        fault = "Sender" if refusal.status < HTTPStatus.INTERNAL_SERVER_ERROR else "Receiver"
        error = f"<Error><Type>{fault}</Type>{error}</Error>"
        return f"<ErrorResponse>{error}{identity}</ErrorResponse>"
    if protocol == "ec2":
        identity = f"<RequestID>{request_id}</RequestID>"
        return f"<Response><Errors><Error>{error}</Error></Errors>{identity}</Response>"
    return json.dumps({"__type": refusal.code, "message": refusal.message})
