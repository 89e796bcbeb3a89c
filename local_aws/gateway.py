"""The door of the embedded AWS: who may enter, and what a caller hears when moto breaks."""

import json
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4
from xml.sax.saxutils import escape

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_LOOPBACK = ("127.0.0.1", "localhost", "::1")

_log = logging.getLogger(__name__)


class Gateway:
    """moto's application behind a check of the Host header and an answer for its crashes."""

    def __init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "")
        if not is_loopback(host):
            # A page in a browser may name a host of its own that resolves to 127.0.0.1.
            _log.warning("refused a request for host %r", host)
            return _answer(start_response, "403 Forbidden", b"The Host header is not loopback.\n")
        try:
            return self._moto(environ, start_response)
        except Exception as error:
            _log.exception("%s %s", environ["REQUEST_METHOD"], environ.get("PATH_INFO"))
            return _internal_failure(environ, start_response, error)


def is_loopback(host: str) -> bool:
    """Tell whether a Host header names this machine's loopback (S3 may put a bucket before it)."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    return name in _LOOPBACK or name.endswith(".localhost")


def _internal_failure(
    environ: "WSGIEnvironment", start_response: "StartResponse", error: Exception
) -> Iterable[bytes]:
    """Answer as AWS answers its own faults: HTTP 500, in the caller's protocol."""
    message = f"The embedded AWS failed: {type(error).__name__}: {error} (see its server.log)"
    request_id = str(uuid4())
    headers = [("x-amzn-RequestId", request_id), ("x-amzn-ErrorType", "InternalFailure")]
    if "HTTP_X_AMZ_TARGET" in environ or "json" in environ.get("CONTENT_TYPE", ""):
        body = json.dumps({"__type": "InternalFailure", "message": message})
    else:
        body = (
            f"<Error><Code>InternalError</Code><Message>{escape(message)}</Message>"
            f"<RequestId>{request_id}</RequestId></Error>"
        )
    return _answer(start_response, "500 Internal Server Error", body.encode(), headers)


def _answer(
    start_response: "StartResponse",
    status: str,
    body: bytes,
    headers: list[tuple[str, str]] | None = None,
) -> Iterable[bytes]:
    start_response(status, [*(headers or []), ("Content-Length", str(len(body)))])
    return [body]
