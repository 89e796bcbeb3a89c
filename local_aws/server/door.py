"""The door of the embedded AWS: who gets in, decided before moto sees anything of a request.

A request has to come from this machine, from a program and not from a web page, and to carry the
key of the server's data folder or the credentials of a role.
"""

import base64
import binascii
import hmac
import json
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from local_aws.credentials import Key
from local_aws.iam import sessions
from local_aws.requests.calls import Call, Scope, scope_of
from local_aws.requests.refusals import Refusal, protocol_of, refuse
from local_aws.requests.web_pages import of_a_web_page

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_HINT = 'this embedded AWS knows the key that `eval "$(retrain local env)"` sets, and its own roles'
# The codes by which services say that they do not know a key, by protocol or by name.
_UNKNOWN_KEY = {"s3": "InvalidAccessKeyId", "query": "InvalidClientTokenId"}

_log = logging.getLogger(__name__)


class Door:
    """Lets in what carries a key, and nothing that a web page can send."""

    def __init__(self, application: "WSGIApplication", key: Key) -> None:
        self._application = application
        self._key = key

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        problem = of_a_web_page(
            environ.get("HTTP_HOST"),
            environ.get("HTTP_ORIGIN"),
            environ.get("HTTP_SEC_FETCH_SITE"),
        )
        if problem:
            _log.warning("refused: %s", problem)
            return _answer(environ, start_response, "text/plain", f"{problem}\n")
        scope = scope_of(environ)
        if scope is not None:
            known = self._is_ours(scope.access_key) or sessions.find(scope.access_key) is not None
            return self._enter(known, scope, environ, start_response)
        return self._enter(self._has_our_password(environ), None, environ, start_response)

    def _enter(
        self,
        known: bool,
        scope: Scope | None,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
    ) -> Iterable[bytes]:
        if known:
            return self._application(environ, start_response)
        _log.warning("refused: a request %s", "with an unknown key" if scope else "without a key")
        _read_body(environ)
        if scope is None:
            return _refuse_unsigned(environ, start_response)
        call = Call(scope.service, "", scope.region)
        code = _UNKNOWN_KEY.get(
            scope.service, _UNKNOWN_KEY.get(protocol_of(call), "UnrecognizedClientException")
        )
        message = f"The security token included in the request is invalid: {_HINT}."
        return refuse(call, Refusal(403, code, message), environ, start_response)

    def _is_ours(self, access_key: str) -> bool:
        return hmac.compare_digest(access_key.encode(), self._key.access_key_id.encode())

    def _has_our_password(self, environ: "WSGIEnvironment") -> bool:
        """Tell whether a request of curl's `--user ID:SECRET` carries the key."""
        kind, _, encoded = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if kind.lower() != "basic":
            return False
        try:
            given = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            return False
        wanted = f"{self._key.access_key_id}:{self._key.secret_access_key}"
        return hmac.compare_digest(given, wanted.encode())


def _refuse_unsigned(
    environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    """Answer as AWS answers a request that is not signed."""
    message = f"Request is missing Authentication Token: {_HINT}."
    if "HTTP_X_AMZ_TARGET" in environ or "json" in environ.get("CONTENT_TYPE", ""):
        body = json.dumps({"__type": "MissingAuthenticationTokenException", "message": message})
        return _answer(environ, start_response, "application/x-amz-json-1.1", body)
    body = f"<Error><Code>AccessDenied</Code><Message>{escape(message)}</Message></Error>"
    return _answer(environ, start_response, "application/xml", body)


def _read_body(environ: "WSGIEnvironment") -> None:
    """The connection's next request begins where this one's body ends."""
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))


def _answer(
    environ: "WSGIEnvironment", start_response: "StartResponse", kind: str, body: str
) -> Iterable[bytes]:
    content = b"" if environ["REQUEST_METHOD"] == "HEAD" else body.encode()
    headers = [("Content-Type", kind), ("Content-Length", str(len(content)))]
    start_response("403 Forbidden", headers)
    return [content]
