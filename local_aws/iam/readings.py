"""Requests in which moto could read another call than the one that a role's rights were asked for.

The calls of SDKs and of the AWS CLI have one reading. The others are refused: an operation that
stands in two places, a service that only the path names, a route that no AWS has.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from local_aws.requests.calls import Call
from local_aws.requests.refusals import protocol_of
from local_aws.requests.web_pages import names_loopback_only

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# moto's names of services, where they are not boto3's without hyphens.
_BACKENDS = {"lambda": "awslambda"}
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
# SDKs for JavaScript tell the operation again in the query: x-id=PutObject.
_OPERATION_AGAIN = "x-id="


def second_reading(call: Call, environ: "WSGIEnvironment", backend: str) -> str:
    """Say what leaves room for another call than `call`; "" where nothing does.

    `backend` is the service of moto's that gets the request.
    """
    return next(_second_readings(call, environ, backend), "")


def _second_readings(call: Call, environ: "WSGIEnvironment", backend: str) -> Iterator[str]:
    if backend != _BACKENDS.get(call.service, call.service.replace("-", "")):
        yield f"it is signed for {call.service}, and its path or its headers lead to {backend}"
    if "HTTP_X_MOTO_ACCOUNT_ID" in environ:
        yield "X-Moto-Account-Id names an account, and a role belongs to its own"
    if call.service == "s3":
        yield from _of_s3(environ)
    else:
        yield from _of_parameters(protocol_of(call), environ)


def _of_s3(environ: "WSGIEnvironment") -> Iterator[str]:
    """S3's operations stand in method, path and query; moto takes those of a form for the query."""
    if not names_loopback_only(environ.get("HTTP_HOST", "")):
        yield "its Host header names a bucket: name the bucket in the path"
    query = environ.get("QUERY_STRING", "")
    is_form = environ.get("CONTENT_TYPE", "").lower().startswith(_FORMS)
    if is_form and query and not query.startswith(_OPERATION_AGAIN):
        yield "its Content-Type is that of a form, and it has a query string"


def _of_parameters(protocol: str, environ: "WSGIEnvironment") -> Iterator[str]:
    if "HTTP_AUTHORIZATION" not in environ:
        yield "it is presigned, which this embedded AWS takes for s3 only"
    if not environ.get("QUERY_STRING"):
        return
    if protocol == "json":
        yield "it has a query string, and its service is asked by X-Amz-Target and a body"
    if protocol in ("query", "ec2") and int(environ.get("CONTENT_LENGTH") or 0):
        yield "it has parameters in its query string and in its body"
