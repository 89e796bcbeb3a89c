"""Which operation of which service a request asks for, told before moto looks at it."""

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from moto.core.request import Request
from moto.core.routing import get_service_router
from werkzeug.exceptions import NotFound

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# A signed request names its service in the header, a presigned URL in its query.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request")
_SIGNED_AS = {"states": "stepfunctions", "monitoring": "cloudwatch"}


@dataclass(frozen=True)
class Call:
    """An operation of a service, by the names that boto3's clients have: `s3/PutObject`."""

    service: str
    operation: str

    def __str__(self) -> str:
        return f"{self.service}/{self.operation}"


def call_of(environ: "WSGIEnvironment") -> Call | None:
    """Return the call that a request makes; None for one that is not signed.

    An operation that no model has is "".
    """
    signed = environ.get("HTTP_AUTHORIZATION") or unquote(environ.get("QUERY_STRING", ""))
    scope = _SCOPE.search(signed)
    if scope is None:
        return None
    service = _SIGNED_AS.get(scope[1], scope[1])
    return Call(service, _operation(service, environ))


def _operation(service: str, environ: "WSGIEnvironment") -> str:
    body = b""
    if service != "s3":  # whose operations never stand in the body, which may be large
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
    try:
        return str(get_service_router(service).match(Request(environ))[0].name)
    except (NotFound, NotImplementedError, ValueError):
        return ""
    finally:
        if body:
            environ["wsgi.input"] = io.BytesIO(body)  # the router has read a form
