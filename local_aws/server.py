"""The embedded AWS: moto's server on loopback, with this package's extensions installed into it.

moto is extended, never forked. Each extension is a module with `install(context)`; the server
calls them in the order of `EXTENSIONS` before it answers the first request.
"""

import logging
import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from werkzeug.serving import LISTEN_QUEUE, BaseWSGIServer, make_server

from local_aws import credentials, ownership, postponed, processes
from local_aws.state import State

EXTENSIONS = (
    "local_aws.state_services",
    "local_aws.s3_store",
    "local_aws.logs_filter",
    "local_aws.logs_store",
    "local_aws.role_sessions",
    "local_aws.authorization",
    "local_aws.s3_policies",
    "local_aws.validation",
    "local_aws.lambda_functions",
    "local_aws.lambda_roles",
    "local_aws.lambda_destinations",
    "local_aws.eventbridge",
    "local_aws.sns_subscriptions",
    "local_aws.s3_conditional",
    "local_aws.s3_events",
    "local_aws.sagemaker_jobs",
    "local_aws.stepfunctions_calls",
    "local_aws.stepfunctions_roles",
    "local_aws.stepfunctions_sagemaker",
    "local_aws.stepfunctions_redrive",
    "local_aws.stepfunctions_state",
    "local_aws.stepfunctions_traces",
    "local_aws.eventbridge_sources",
    "local_aws.service_quotas",
    "local_aws.iam_simulation",
    "local_aws.cloudformation",
)
HOST = "127.0.0.1"
LAMBDA_RETRY_DELAYS = (60.0, 120.0)
STOP_GRACE_SECONDS = 120.0
_LOOK_FOR_STOP_SECONDS = 0.05

_log = logging.getLogger(__name__)


class PortTakenError(Exception):
    """The port that was asked for is another's."""


@dataclass
class Context:
    """What an extension may know of the server that it is installed into.

    `lambda_retry_delays` are the seconds before the first and the second retry of a failed
    asynchronous invocation; AWS waits one and two minutes. `stop_grace_seconds` lie between the
    SIGTERM and the SIGKILL for a job that is stopped or interrupted; AWS gives 120.
    """

    data_folder: Path
    endpoint: str
    region: str
    state: State
    lambda_retry_delays: tuple[float, ...] = LAMBDA_RETRY_DELAYS
    stop_grace_seconds: float = STOP_GRACE_SECONDS
    _at_shutdown: list[Callable[[], None]] = field(default_factory=list, repr=False)

    def register_shutdown(self, callback: Callable[[], None]) -> None:
        """Have `callback()` called when the server ends, the last registered first."""
        self._at_shutdown.append(callback)

    def shut_down(self) -> None:
        """Run the registered callbacks; one that fails is logged and keeps none from running."""
        while self._at_shutdown:
            callback = self._at_shutdown.pop()
            try:
                callback()
            except Exception:
                _log.exception("%r failed at shutdown", callback)


class Server:
    """The embedded AWS in this process. `start` returns once requests are answered."""

    def __init__(
        self,
        data_folder: Path,
        *,
        region: str,
        port: int = 0,
        lambda_retry_delays: tuple[float, ...] = LAMBDA_RETRY_DELAYS,
        stop_grace_seconds: float = STOP_GRACE_SECONDS,
    ) -> None:
        state = State(data_folder.resolve())
        self._web = _web(_bind(data_folder, port), state)
        self.context = Context(
            data_folder=data_folder.resolve(),
            state=state,
            endpoint=f"http://{HOST}:{self._web.port}",
            region=region,
            lambda_retry_delays=lambda_retry_delays,
            stop_grace_seconds=stop_grace_seconds,
        )

    def start(self) -> None:
        """Configure moto, install the extensions, restore the state and answer from now on."""
        credentials.isolate(self.context.endpoint, self.context.region)
        _configure_moto(self._web.port)
        for name in EXTENSIONS:
            import_module(name).install(self.context)
        # The last one, and so the first to be called: what is ended by the other ones at shutdown
        # was interrupted, as after kill -9. The next server shall find it so.
        self.context.register_shutdown(self.context.state.close)
        self.context.state.restore()
        serve = partial(self._web.serve_forever, poll_interval=_LOOK_FOR_STOP_SECONDS)
        threading.Thread(target=serve, name="aws", daemon=True).start()

    def stop(self) -> None:
        """End the server and everything that it started."""
        self._web.shutdown()
        self.context.shut_down()
        processes.end_all()
        self._web.server_close()


def _bind(data_folder: Path, port: int) -> socket.socket:
    """Bind the port first: moto and the extensions need its number when they are imported.

    Port 0 stands for the one that the folder had before: its endpoint is in people's shells.
    """
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    wanted = port or ownership.last_port(data_folder)
    try:
        bound.bind((HOST, wanted))
    except OSError as error:
        if port:
            raise PortTakenError(f"port {port} of {HOST}: {error.strerror}") from error
        bound.bind((HOST, 0))
    return bound


def _web(bound: socket.socket, state: State) -> BaseWSGIServer:
    from moto.server import MotoRequestHandler  # noqa: PLC0415 (imports flask: half a second)

    from local_aws.faults import Faults  # noqa: PLC0415
    from local_aws.gateway import Gateway  # noqa: PLC0415

    class QuietRequestHandler(MotoRequestHandler):
        def log_request(self, code: Any = "-", size: Any = "-") -> None:
            _log.debug('"%s" %s %s', getattr(self, "requestline", "-"), code, size)

    bound.listen(LISTEN_QUEUE)
    with bound:  # the server duplicates it
        return make_server(
            HOST,
            bound.getsockname()[1],
            Faults(Gateway(state)),
            threaded=True,
            request_handler=QuietRequestHandler,
            fd=bound.fileno(),
        )


def _configure_moto(port: int) -> None:
    postponed.postpone()
    # Step Functions' tasks call back to the port that this variable names (5000 otherwise).
    os.environ["MOTO_PORT"] = str(port)
    from moto.core.config import default_user_config  # noqa: PLC0415

    default_user_config["stepfunctions"] = {"execute_state_machine": True}
