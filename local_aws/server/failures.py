"""What moto cannot answer: an operation that is not there, and a crash, each in AWS's own form.

SDKs repeat a call that is answered with 500. What will never be there is refused instead, in the
way in which AWS refuses an operation that it does not know.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (query: InvalidAction)
https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (S3: MethodNotAllowed)
https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html (UnknownOperationException)
"""

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import uuid4
from xml.sax.saxutils import escape

from local_aws.requests.calls import Call
from local_aws.requests.refusals import Refusal, protocol_spoken, refuse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# The codes of an operation that AWS does not know, by the protocol; that the two that speak of
# paths answer with 404 is of their protocol's tests, and that S3 says 405 is of its own page.
_UNKNOWN = {
    "query": (400, "InvalidAction"),
    "ec2": (400, "InvalidAction"),
    "json": (400, "UnknownOperationException"),
    "rest-json": (404, "UnknownOperationException"),
    "rest-xml": (404, "UnknownOperationException"),
}
_UNKNOWN_TO_S3 = (405, "MethodNotAllowed")
# What moto says of an operation of which it has nothing; else it lacks a part of one.
_WHOLLY_MISSING = re.compile(r"(The \w* action has not been implemented)?")
_PAGE = re.compile(rb"\s*(<!doctype html.*)?", re.DOTALL | re.IGNORECASE)


def missing(
    call: Call | None, error: str, environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    """Refuse what the embedded AWS does not have; `error` says what moto lacks of it, or ""."""
    if call is None:
        return _unsigned(501, "NotImplemented", error, environ, start_response)
    path = f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '')}"
    message = f"The embedded AWS does not have {call.service}/{call.operation or path}"
    if not _WHOLLY_MISSING.fullmatch(error):
        message = f"The embedded AWS cannot do this with {call}: {error}"
    status, code = _UNKNOWN.get(protocol_spoken(call, environ), _UNKNOWN["json"])
    if call.service == "s3":
        status, code = _UNKNOWN_TO_S3
    return refuse(call, Refusal(status, code, _line(message)), environ, start_response)


def crashed(
    call: Call | None,
    error: Exception,
    environ: "WSGIEnvironment",
    start_response: "StartResponse",
) -> Iterable[bytes]:
    """Answer as AWS answers its own faults: HTTP 500, in the caller's protocol."""
    message = _line(
        f"The embedded AWS failed: {type(error).__name__}: {error} (see its server.log)"
    )
    if call is None:
        return _unsigned(500, "InternalFailure", message, environ, start_response)
    code = "InternalError" if call.service == "s3" else "InternalFailure"
    return refuse(call, Refusal(500, code, message), environ, start_response)


def is_page(status: str, body: bytes) -> bool:
    """Tell whether the answer is the web framework's own, for a path that moto does not have."""
    return status[:3] in ("404", "405") and bool(_PAGE.fullmatch(body))


def _line(text: str) -> str:
    return " ".join(text.split())


def _unsigned(
    status: int,
    code: str,
    message: str,
    environ: "WSGIEnvironment",
    start_response: "StartResponse",
) -> Iterable[bytes]:
    """Answer a request that names no service."""
    identity = str(uuid4())
    if "HTTP_X_AMZ_TARGET" in environ or "json" in environ.get("CONTENT_TYPE", ""):
        body = json.dumps({"__type": code, "message": message}).encode()
    else:
        code = code.replace("InternalFailure", "InternalError")  # a path alone is S3's
        body = (
            f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>"
            f"<RequestId>{identity}</RequestId></Error>"
        ).encode()
    headers = [
        ("x-amzn-RequestId", identity),
        ("x-amzn-ErrorType", code),
        ("Content-Length", str(len(body))),
    ]
    start_response(f"{status} {code}", headers)
    return [body]
