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
        body = _error(protocol_of(call), refusal, request_id).encode()
    headers = [
        ("Content-Length", str(len(body))),
        ("x-amzn-RequestId", request_id),
        ("x-amzn-ErrorType", refusal.code),
    ]
    start_response(f"{refusal.status:d} {HTTPStatus(refusal.status).phrase}", headers)
    return [body]


def _error(protocol: str, refusal: Refusal, request_id: str) -> str:
    identity = f"<RequestId>{request_id}</RequestId>"
    error = f"<Code>{refusal.code}</Code><Message>{escape(refusal.message)}</Message>"
    if protocol == "rest-xml":
        return f"<Error>{error}{identity}</Error>"
    if protocol == "query":
        return f"<ErrorResponse><Error>{error}</Error>{identity}</ErrorResponse>"
    return json.dumps({"__type": refusal.code, "message": refusal.message})
