"""Faults on request: calls that fail, are throttled, conflict with others, get no answer, a late
one, an old one or half of one.

Nothing fails until rules say so, at a route that no AWS has, beside moto's own:

    curl -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\
        --json '[{"call": "s3/*", "kind": "error", "rate": 0.1}]' $AWS_ENDPOINT_URL/moto-api/faults

PUT or POST replaces the rules, DELETE takes them away, GET tells how often each one struck.
"""

import logging
import random
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn

from werkzeug.test import run_wsgi_app

from local_aws.requests import eventual
from local_aws.requests.calls import Call, call_of
from local_aws.requests.fault_rules import FaultRulesError, Rule, parse
from local_aws.requests.refusals import Refusal, protocol_of, refuse
from local_aws.requests.routes import Answer, add_route, as_json

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ROUTE = "/moto-api/faults"

# The status and the code by which a protocol, or a service, tells of its own fault and of too many
# calls; botocore tries all of these again.
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
# https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
_ERRORS = {"s3": (500, "InternalError")}
_THROTTLES = {"s3": (503, "SlowDown"), "lambda": (429, "TooManyRequestsException")}
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
_CONFLICT = (409, "ConditionalRequestConflict")
_CONDITIONS = ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH")
_MESSAGES = {
    "conflict": "The conditional request cannot succeed due to a conflicting operation against "
    "this resource.",
    "error": "We encountered an internal error. Please try again.",
    "throttle": "Rate exceeded. Please reduce your request rate.",
}

_log = logging.getLogger(__name__)


class LostConnectionError(ConnectionAbortedError):
    """Ends a request where it is: werkzeug writes no answer, or no more of it, after this."""


class Fault:
    """A rule at work: its dice, and how often it was asked and struck."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._random = random.Random(rule.seed)  # noqa: S311 (dice, no keys)
        self._calls = 0
        self._strikes = 0

    def strikes(self, call: Call, environ: "WSGIEnvironment") -> bool:
        """Decide whether the rule strikes this call."""
        if not fnmatchcase(str(call), self.rule.call):
            return False
        if self.rule.kind == "conflict" and not _is_conditional_write(environ):
            return False
        if str(call) not in eventual.KINDS.get(self.rule.kind, {str(call): ""}):
            return False
        self._calls += 1
        spent = self.rule.times is not None and self._strikes >= self.rule.times
        if spent or self._random.random() >= self.rule.rate:
            return False
        self._strikes += 1
        return True

    def part_of(self, body: bytes) -> bytes:
        """Return the beginning of an answer's body, less than all of it."""
        return body[: self._random.randrange(len(body))]

    def describe(self) -> dict[str, Any]:
        """Return the rule, the calls that it matched and those that it struck."""
        counts = {"calls": self._calls, "strikes": self._strikes}
        return self.rule.model_dump(exclude_none=True) | counts


class Faults:
    """The embedded AWS behind a door that fails by the rules given; without rules it only opens."""

    def __init__(self, application: "WSGIApplication") -> None:
        self._application = application
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        add_route(ROUTE, self._answer)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        call = call_of(environ) if self._faults else None
        fault = self._fault_for(call, environ) if call is not None else None
        if call is None or fault is None:
            return self._application(environ, start_response)
        _log.info("fault: %s of %s", fault.rule.kind, call)
        if fault.rule.kind == "reset":
            _hang_up(environ)
        if fault.rule.kind in _MESSAGES:
            return _refuse(call, fault.rule.kind, environ, start_response)
        if fault.rule.kind in eventual.KINDS:
            environ[eventual.LAG] = (fault.rule.kind, fault.rule.seconds)
            return self._application(environ, start_response)
        return self._break_the_answer(fault, environ, start_response)

    def _fault_for(self, call: Call, environ: "WSGIEnvironment") -> Fault | None:
        with self._lock:
            return next((each for each in self._faults if each.strikes(call, environ)), None)

    def _break_the_answer(
        self, fault: Fault, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Do what is asked to its end, and only then fail."""
        parts, status, headers = run_wsgi_app(self._application, environ, buffered=True)
        body = b"".join(parts)
        if fault.rule.kind == "delay":
            time.sleep(fault.rule.seconds or 0)
        elif fault.rule.kind == "lost-reply" or not body:
            _hang_up(environ)
        else:
            headers["Content-Length"] = str(len(body))
            start_response(status, headers.to_wsgi_list())
            return _cut(fault.part_of(body))
        start_response(status, headers.to_wsgi_list())
        return [body]

    def _answer(self, request: Any) -> Answer:
        """Serve the route."""
        try:
            if request.method in ("PUT", "POST"):
                self._set([Fault(rule) for rule in parse(request.get_data())])
            elif request.method == "DELETE":
                self._set([])
        except FaultRulesError as error:
            return as_json({"message": str(error)}, HTTPStatus.BAD_REQUEST)
        with self._lock:
            return as_json([fault.describe() for fault in self._faults])

    def _set(self, faults: list[Fault]) -> None:
        with self._lock:
            self._faults = faults


def _hang_up(environ: "WSGIEnvironment") -> NoReturn:
    # The socket too: werkzeug would go on to wait for the connection's next request.
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise LostConnectionError


def _is_conditional_write(environ: "WSGIEnvironment") -> bool:
    writes = environ["REQUEST_METHOD"] in ("PUT", "POST", "DELETE")
    return writes and any(header in environ for header in _CONDITIONS)


def _cut(beginning: bytes) -> Iterator[bytes]:
    yield beginning
    raise LostConnectionError


def _refuse(
    call: Call, kind: str, environ: "WSGIEnvironment", start_response: "StartResponse"
) -> Iterable[bytes]:
    """Answer as AWS does, in the service's protocol, before anything was done."""
    if kind == "conflict":
        status, code = _CONFLICT
    elif kind == "error":
        status, code = _ERRORS.get(call.service, (500, "InternalFailure"))
    else:
        code = "Throttling" if protocol_of(call) == "query" else "ThrottlingException"
        status, code = _THROTTLES.get(call.service, (400, code))
    return refuse(call, Refusal(status, code, _MESSAGES[kind]), environ, start_response)
