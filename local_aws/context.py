"""What the parts of the embedded AWS are told of the server that they are installed into."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_aws.containers.containers import Containers
from local_aws.state.dead_letters import DeadLetters
from local_aws.state.state import State

LAMBDA_RETRY_DELAYS = (60.0, 120.0)
STOP_GRACE_SECONDS = 120.0

_log = logging.getLogger(__name__)


class ServiceControlError(Exception):
    """The file is no service control policy that can be held against calls."""


@dataclass
class Context:
    """What an extension may know of the server that it is installed into.

    `lambda_retry_delays` are the seconds before the first and the second retry of a failed
    asynchronous invocation; AWS waits one and two minutes. `stop_grace_seconds` lie between the
    SIGTERM and the SIGKILL for a job that is stopped or interrupted; AWS gives 120. `containers`
    makes containers for jobs and Lambdas; where it is None `no_containers` says why.
    """

    data_folder: Path
    endpoint: str
    region: str
    state: State
    dead_letters: DeadLetters
    lambda_retry_delays: tuple[float, ...] = LAMBDA_RETRY_DELAYS
    stop_grace_seconds: float = STOP_GRACE_SECONDS
    service_control: Any = None  # statements, as local_aws.iam.limits reads them
    containers: Containers | None = None
    no_containers: str = ""
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
