"""The execution environments that are kept warm between invocations."""

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from local_aws.awslambda.environment import ExecutionEnvironment

IDLE_SECONDS = 300.0

_REAP_EVERY = 15.0
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Deployment:
    """One function as it is deployed right now: an environment serves exactly one of these.

    `code_sha256` is hexadecimal; `timeout` is in seconds; `storage_mb` is the size of /tmp;
    `variables` are the function's own.
    """

    arn: str
    account: str
    region: str
    name: str
    version: str
    code_sha256: str
    handler: str
    runtime: str
    role: str
    timeout: int
    memory_mb: int
    storage_mb: int
    variables: tuple[tuple[str, str], ...]
    code: bytes = field(compare=False, repr=False)


class Pool:
    """Lends environments: an idle one of the same deployment, or a new one from `start`."""

    def __init__(self, start: Callable[[Deployment], ExecutionEnvironment]) -> None:
        self._start = start
        self._idle: dict[Deployment, list[tuple[float, ExecutionEnvironment]]] = defaultdict(list)
        self._preparing: set[Deployment] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        threading.Thread(target=self._reap, name="lambda-reaper", daemon=True).start()

    @contextmanager
    def borrow(self, deployment: Deployment) -> Iterator[ExecutionEnvironment]:
        """Lend an environment for one invocation; end those of outdated deployments."""
        environment = self._take(deployment) or self._start(deployment)
        try:
            yield environment
        except BaseException:
            environment.usable = False
            raise
        finally:
            self._give_back(deployment, environment)

    def prepare(self, deployment: Deployment) -> None:
        """Have an environment ready for a later invocation, unless one is idle or being started."""
        with self._lock:
            if self._idle[deployment] or deployment in self._preparing:
                return
            self._preparing.add(deployment)
        try:
            environment = self._start(deployment)
            self._give_back(deployment, environment)  # who calls now need not start another
            environment.initialize()
        finally:
            with self._lock:
                self._preparing.discard(deployment)

    def close(self) -> None:
        """End every idle environment and keep none from now on."""
        self._closed.set()
        with self._lock:
            idle = [entry for entries in self._idle.values() for entry in entries]
            self._idle.clear()
        _end(environment for _, environment in idle)

    def _take(self, deployment: Deployment) -> ExecutionEnvironment | None:
        with self._lock:
            outdated = [
                other for other in self._idle if other.arn == deployment.arn and other != deployment
            ]
            stale = [entry for other in outdated for entry in self._idle.pop(other)]
            idle = self._idle[deployment]
            while idle and not idle[-1][1].alive:
                stale.append(idle.pop())
            warm = idle.pop()[1] if idle else None
        _end(environment for _, environment in stale)
        return warm

    def _give_back(self, deployment: Deployment, environment: ExecutionEnvironment) -> None:
        with self._lock:
            keep = environment.usable and not self._closed.is_set()
            if keep:
                self._idle[deployment].append((time.monotonic(), environment))
        if not keep:
            environment.end()

    def _reap(self) -> None:
        while not self._closed.wait(_REAP_EVERY):
            oldest = time.monotonic() - IDLE_SECONDS
            with self._lock:
                entries = [entry for found in self._idle.values() for entry in found]
                idle = [entry for entry in entries if entry[0] < oldest]
                left = {
                    deployment: [entry for entry in found if entry[0] >= oldest]
                    for deployment, found in self._idle.items()
                }
                self._idle.clear()  # a deployment that has none left goes, and with it its code
                self._idle.update((each, found) for each, found in left.items() if found)
            _end(environment for _, environment in idle)


def _end(environments: Iterator[ExecutionEnvironment]) -> None:
    for environment in environments:
        try:
            environment.end()
        except Exception:
            _log.exception("an idle Lambda environment did not end cleanly")
