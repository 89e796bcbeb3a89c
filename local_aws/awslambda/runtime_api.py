"""The Lambda Runtime API, over which AWS's runtime client fetches events and hands in results.

Each execution environment has a listener of its own on loopback: a request for the next event
carries nothing that tells one environment from another. The listener answers the environment's own
processes, and nobody else: who takes an event or hands in a result speaks for the function.
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import logging
import queue
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, NamedTuple

import psutil

from local_aws.requests.web_pages import of_a_web_page

_NEXT = "/2018-06-01/runtime/invocation/next"
_INIT_ERROR = "/2018-06-01/runtime/init/error"
_INVOCATION = "/2018-06-01/runtime/invocation/"

_STARTING_SECONDS = 10.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Event:
    """What a function is invoked with; `headers` are those that the Runtime API documents."""

    request_id: str
    payload: bytes
    headers: dict[str, str] = field(default_factory=dict)


class Report(NamedTuple):
    """What the runtime said: that it is ready, or the outcome of its start or of an event."""

    kind: Literal["ready", "response", "error", "init_error"]
    request_id: str = ""
    body: bytes = b""


class RuntimeApi:
    """The listener of one execution environment. `reports` holds what its runtime said."""

    def __init__(self) -> None:
        self.reports: queue.SimpleQueue[Report] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._owner: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._server = _Listener(self)
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def answer_only(self, pid: int) -> None:
        """Answer this process and what it starts; until this is said, everybody waits."""
        self._owner.put(pid)

    def knows(self, port: int) -> bool:
        """Tell whether the connection from that port of loopback is one of the environment's."""
        try:
            pid = self._owner.get(timeout=_STARTING_SECONDS)
        except queue.Empty:
            return False
        self._owner.put(pid)
        return _is_connected_from(pid, port)

    def hand_out(self, event: Event) -> None:
        """Give the event to the runtime, at once if it already waits for one."""
        self._events.put(event)

    def take(self) -> Event | None:
        """Wait for the next event; None when the listener closes."""
        self.reports.put(Report("ready"))
        return self._events.get()

    def close(self) -> None:
        """Stop listening; a runtime that waits for an event is turned away."""
        self._events.put(None)
        self._server.shutdown()
        self._server.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, api: RuntimeApi) -> None:
        self.api = api
        super().__init__(("127.0.0.1", 0), _Handler)

    def finish_request(self, request: Any, client_address: Any) -> None:
        if self.api.knows(client_address[1]):
            super().finish_request(request, client_address)
        else:
            _log.warning("refused: another process asked a function's runtime API")

    def handle_error(self, *_: object) -> None:
        # The runtime is killed in the middle of a request whenever a function times out.
        _log.debug("a runtime broke off its request", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def parse_request(self) -> bool:
        if not super().parse_request():
            return False
        headers = (self.headers.get(name) for name in ("Host", "Origin", "Sec-Fetch-Site"))
        problem = of_a_web_page(*headers)
        if problem:
            _log.warning("refused: %s", problem)
            self.send_error(403)
        return not problem

    def do_GET(self) -> None:
        if self.path != _NEXT:
            self._answer(404, b"{}", {})
            return
        event = self.server.api.take()
        if event is None:
            self._answer(410, b"{}", {})
            return
        headers = {"Lambda-Runtime-Aws-Request-Id": event.request_id, **event.headers}
        self._answer(200, event.payload, headers)

    def do_POST(self) -> None:
        body = self._body()
        report = _parse_report(self.path, body)
        if report is None:
            self._answer(404, b"{}", {})
            return
        self._answer(202, b'{"status":"OK"}', {})
        self.server.api.reports.put(report)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        _log.debug(format, *args)


def _parse_report(path: str, body: bytes) -> Report | None:
    if path == _INIT_ERROR:
        return Report("init_error", body=body)
    request_id, _, kind = path.removeprefix(_INVOCATION).partition("/")
    if not path.startswith(_INVOCATION) or kind not in ("response", "error"):
        return None
    return Report("response" if kind == "response" else "error", request_id, body)


def _is_connected_from(pid: int, port: int) -> bool:
    with suppress(psutil.Error):
        for process in [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]:
            with suppress(psutil.Error):  # it has ended meanwhile
                if any(each.laddr.port == port for each in process.net_connections("tcp4")):
                    return True
    return False
