"""moto behind the door: checks rights and requests, saves the state, answers when moto crashes.

An answer leaves when all that the request changed is on disk.
"""

import logging
import re
from collections.abc import Iterable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from flask import Flask
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local_aws.iam.role_calls import AdministratorCall, checked_call_of
from local_aws.requests import checks, eventual
from local_aws.requests.calls import Call, call_of
from local_aws.s3.unserved import is_unserved
from local_aws.server import failures
from local_aws.state.moto_services import changes
from local_aws.state.state import State

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_READING = re.compile(r"(Describe|List|Get|Head)[A-Z]")
_RESET = "/moto-api/reset"

_log = logging.getLogger(__name__)


class Gateway:
    """Wraps moto's WSGI application: authorizes roles, saves what changed, answers crashes."""

    def __init__(self, state: State) -> None:
        self._moto = DomainDispatcherApplication(_app_of)
        self._state = state

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        call: Call | None = None
        try:
            call = call_of(environ)
            if is_unserved(call):
                return failures.missing(call, "", environ, start_response)
            held = checked_call_of(environ)
            if held is not None:
                backend = self._moto.get_application(environ).service  # type: ignore[attr-defined]
                refusal = held.refusal(environ, start_response, backend)
                if refusal is not None:
                    return refusal
            refused = checks.refusal(environ, start_response)
            if refused is not None:
                return refused
            return self._answer_kept(environ, start_response, held, call)
        except NotImplementedError as error:
            _log.warning("%s: not implemented: %s", call, error)
            return failures.missing(call, str(error), environ, start_response)
        except Exception as error:
            _log.exception("%s %s", environ["REQUEST_METHOD"], environ.get("PATH_INFO"))
            return failures.crashed(call, error, environ, start_response)

    def _answer_kept(
        self,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
        held: AdministratorCall | None,
        call: Call | None,
    ) -> Iterable[bytes]:
        """Answer when all is saved; until then the answer may still become another.

        Who only reads waits too: the answer may tell of what a job or an execution changed.
        """
        begun: list[Any] = []
        saving = nullcontext() if _only_reads(environ, call) else changes(self._state)
        with saving, eventual.lagging(environ):
            answer = self._moto(environ, lambda *line: begun.append(line))
        if environ.get("PATH_INFO") == _RESET:
            self._state.all_changed()
        self._state.save()
        if held is not None:
            refusal = held.refusal_to_tell(begun[-1][0], environ, start_response)
            if refusal is not None:
                return refusal
        return _answer(answer, begun[-1], environ, start_response, call)


def _app_of(backend: Any) -> Flask:
    """Make moto's application of a service; it asks for that of None where it has no such one."""
    if backend is None:
        raise NotImplementedError
    return create_backend_app(backend)


def _only_reads(environ: "WSGIEnvironment", call: Call | None) -> bool:
    if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
        return True
    return call is not None and bool(_READING.match(call.operation))


def _answer(
    answer: Iterable[bytes],
    begun: tuple[Any, ...],
    environ: "WSGIEnvironment",
    start_response: "StartResponse",
    call: Call | None,
) -> Iterable[bytes]:
    """Pass on moto's answer; a page that says that there is no such path becomes AWS's refusal."""
    if call is not None and environ["REQUEST_METHOD"] != "HEAD" and begun[0][:2] == "40":
        body = b"".join(answer)
        if failures.is_page(begun[0], body):
            return failures.missing(call, "", environ, start_response)
        answer = [body]
    start_response(*begun)
    return answer
