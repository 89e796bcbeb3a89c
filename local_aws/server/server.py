"""The embedded AWS: moto's server on loopback, with this package's extensions installed into it.

moto is extended, never forked: `extensions.install` changes it before the first request is
answered.
"""

import logging
import os
import socket
import threading
from functools import partial
from pathlib import Path
from typing import Any

from werkzeug.serving import LISTEN_QUEUE, BaseWSGIServer, make_server

from local_aws import credentials, sdk_files, shell
from local_aws.containers import permission
from local_aws.context import LAMBDA_RETRY_DELAYS, STOP_GRACE_SECONDS, Context
from local_aws.processes import child
from local_aws.server import ownership, postponed
from local_aws.state.dead_letters import DeadLetters
from local_aws.state.state import State

HOST = "127.0.0.1"
_LOOK_FOR_STOP_SECONDS = 0.05

_log = logging.getLogger(__name__)


class PortTakenError(Exception):
    """The port that was asked for is another's."""


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
        service_control: Path | None = None,
        writable: tuple[Path, ...] = (),
    ) -> None:
        key = credentials.make_key(data_folder)
        state = State(data_folder.resolve())
        self._web = _web(_bind(data_folder, port), state, key)
        self._key = key
        shared = tuple(folder.resolve() for folder in writable)
        containers, reason = permission.find_containers(data_folder.resolve(), shared)
        if reason:
            _log.warning("jobs and Lambdas run without namespaces: %s", reason)
        self.context = Context(
            data_folder=data_folder.resolve(),
            state=state,
            dead_letters=DeadLetters(data_folder.resolve()),
            endpoint=f"http://{HOST}:{self._web.port}",
            region=region,
            lambda_retry_delays=lambda_retry_delays,
            stop_grace_seconds=stop_grace_seconds,
            containers=containers,
            no_containers=reason,
        )
        self._service_control = service_control

    def start(self) -> None:
        """Configure moto, install the extensions, restore the state and answer from now on."""
        sdk_files.write(self.context.data_folder, self.context.endpoint)
        shell.apply(credentials.variables(self.context.endpoint, self.context.region, self._key))
        _configure_moto(self._web.port)
        # They import moto, which is configured by now.
        from local_aws.iam.limits import read_service_control  # noqa: PLC0415
        from local_aws.server import extensions  # noqa: PLC0415

        if self._service_control is not None:
            self.context.service_control = read_service_control(self._service_control)
        extensions.install(self.context)
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
        child.end_all()
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


def _web(bound: socket.socket, state: State, key: credentials.Key) -> BaseWSGIServer:
    # Read when moto is imported: no page of another origin may read an answer.
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"
    from moto.server import MotoRequestHandler  # noqa: PLC0415 (imports flask: half a second)

    from local_aws.requests.faults import Faults  # noqa: PLC0415
    from local_aws.server.door import Door  # noqa: PLC0415
    from local_aws.server.gateway import Gateway  # noqa: PLC0415

    class QuietRequestHandler(MotoRequestHandler):
        def log_request(self, code: Any = "-", size: Any = "-") -> None:
            _log.debug('"%s" %s %s', getattr(self, "requestline", "-"), code, size)

    bound.listen(LISTEN_QUEUE)
    with bound:  # the server duplicates it
        return make_server(
            HOST,
            bound.getsockname()[1],
            Door(Faults(Gateway(state)), key),
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
