"""Which operation of which service a request asks for, told before moto looks at it."""

import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qs

from botocore.exceptions import BotoCoreError
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS, RequestParserError
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from werkzeug.exceptions import NotFound

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# To the last character: in another form of the header moto might find another service or key.
_CREDENTIAL = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^,\s]+),\s*SignedHeaders=[^,\s]+,\s*Signature=[^,\s]+"
)
_SCOPE = re.compile(r"([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
# boto3 still presigns URLs of S3 by version 2 where it is not told otherwise.
_OLD_CREDENTIAL = re.compile(r"AWS (\w+):[^,\s]+")
_SIGNED_AS = {
    "states": "stepfunctions",
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
}


@dataclass(frozen=True)
class Call:
    """An operation of a service, by the names that boto3's clients have: `s3/PutObject`.

    `access_key` and `region` are those it is signed with; `model` is None, and `operation` "", for
    an operation that no model has.
    """

    service: str
    operation: str
    region: str = ""
    access_key: str = field(default="", repr=False)
    model: OperationModel | None = field(default=None, repr=False, compare=False)
    path_parameters: dict[str, str] = field(default_factory=dict, repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.service}/{self.operation}"


class Scope(NamedTuple):
    """What a request is signed with and for; the service by the name that boto3 has for it."""

    access_key: str
    region: str
    service: str


def scope_of(environ: "WSGIEnvironment") -> Scope | None:
    """Return what a request is signed with; None if it is not signed.

    A signed request names its key and service in the header, a presigned URL in its query.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """
    header = environ.get("HTTP_AUTHORIZATION", "")
    query = {} if header else parse_qs(environ.get("QUERY_STRING", ""))
    new = _CREDENTIAL.fullmatch(header)
    found = _SCOPE.fullmatch(new[1] if new else query.get("X-Amz-Credential", [""])[0])
    if found is not None:
        access_key, region, signing_name = found.groups()
        return Scope(access_key, region, _SIGNED_AS.get(signing_name, signing_name))
    old = _OLD_CREDENTIAL.fullmatch(header)
    access_key = old[1] if old else query.get("AWSAccessKeyId", [""])[0]
    return Scope(access_key, "us-east-1", "s3") if access_key else None


def call_of(environ: "WSGIEnvironment") -> Call | None:
    """Return the call that a request makes; None for one that is not signed."""
    scope = scope_of(environ)
    if scope is None:
        return None
    model, path_parameters = operation_of(scope.service, environ)
    name = str(model.name) if model else ""
    return Call(scope.service, name, scope.region, scope.access_key, model, path_parameters)


def parameters_of(call: Call, environ: "WSGIEnvironment") -> dict[str, Any]:
    """Return the members of the call's request, by the service's model; {} if it has none.

    Not for S3, whose bodies may be large.
    """
    if call.model is None:
        return {}
    body = _read_body(environ)
    request = Request(environ)
    try:
        protocol = determine_request_protocol(call.model.service_model, request.content_type)
        parser = PROTOCOL_PARSERS[protocol](call.model)
        parsed: dict[str, Any] = parser.parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": body,
                "url_path": request.path,
                "url_params": call.path_parameters,
            }
        )
    except (KeyError, NotImplementedError, RequestParserError, TypeError, ValueError):
        return {}  # moto, or the validation, says what is wrong with it
    finally:
        environ["wsgi.input"] = io.BytesIO(body)
    return parsed


def operation_of(
    service: str, environ: "WSGIEnvironment"
) -> tuple[OperationModel | None, dict[str, str]]:
    """Return what a request asks of the service, and the parameters in its path; None, {} if none.

    `service` is the name that boto3 has for it.
    """
    body = b""
    if service != "s3":  # whose operations never stand in the body, which may be large
        body = _read_body(environ)
    try:
        return get_service_router(service).match(Request(environ))
    except (NotFound, NotImplementedError, ValueError, BotoCoreError):
        return None, {}
    finally:
        if body:
            environ["wsgi.input"] = io.BytesIO(body)  # the router has read a form


def _read_body(environ: "WSGIEnvironment") -> bytes:
    """Return the body and have it there to be read again."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body
