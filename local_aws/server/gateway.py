"""moto behind the door: checks rights and requests, saves the state, answers when moto crashes.

An answer leaves when all that the request changed is on disk.
"""

import logging
import re
from collections.abc import Iterable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local_aws.iam.role_calls import AdministratorCall, checked_call_of
from local_aws.requests import checks, eventual
from local_aws.requests.calls import Call, call_of
from local_aws.requests.refusals import Refusal, refuse
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
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._state = state

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        try:
            held = checked_call_of(environ)
            if held is not None:
                backend = self._moto.get_application(environ).service  # type: ignore[attr-defined]
                refusal = held.refusal(environ, start_response, backend)
                if refusal is not None:
                    return refusal
            refused = checks.refusal(environ, start_response)
            if refused is not None:
                return refused
            return self._answer_kept(environ, start_response, held)
        except Exception as error:
            _log.exception("%s %s", environ["REQUEST_METHOD"], environ.get("PATH_INFO"))
            return _internal_failure(environ, start_response, error)

    def _answer_kept(
        self,
        environ: "WSGIEnvironment",
        start_response: "StartResponse",
        held: AdministratorCall | None,
    ) -> Iterable[bytes]:
        """Answer when all is saved; until then the answer may still become another.

        Who only reads waits too: the answer may tell of what a job or an execution changed.
        """
        begun: list[Any] = []
        saving = nullcontext() if _only_reads(environ) else changes(self._state)
        with saving, eventual.lagging(environ):
            answer = self._moto(environ, lambda *line: begun.append(line))
        if environ.get("PATH_INFO") == _RESET:
            self._state.all_changed()
        self._state.save()
        if held is not None:
            refusal = held.refusal_to_tell(begun[-1][0], environ, start_response)
            if refusal is not None:
                return refusal
        start_response(*begun[-1])
        return answer


def _only_reads(environ: "WSGIEnvironment") -> bool:
    if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
        return True
    call = call_of(environ)
    return call is not None and bool(_READING.match(call.operation))


def _internal_failure(
    environ: "WSGIEnvironment", start_response: "StartResponse", error: Exception
) -> Iterable[bytes]:
    """Answer as AWS answers its own faults: HTTP 500, in the caller's protocol."""
    message = f"The embedded AWS failed: {type(error).__name__}: {error} (see its server.log)"
    call = call_of(environ) or Call(service="s3", operation="")
    code = "InternalError" if call.service == "s3" else "InternalFailure"
    return refuse(call, Refusal(500, code, message), environ, start_response)
