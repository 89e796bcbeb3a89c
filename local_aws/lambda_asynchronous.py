"""Asynchronous invocations: Lambda's own queue between whoever sends an event and the function.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from local_aws.lambda_environment import Outcome

CONCURRENT_EVENTS = 8
MAX_AGE_SECONDS = 6 * 3600.0
_THROTTLE_SECONDS = (1.0, 300.0)  # the first and the longest pause of a throttled event

_log = logging.getLogger(__name__)


class ThrottledError(Exception):
    """The function may not run more often at the same time than it does."""


@dataclass(frozen=True)
class QueuedEvent:
    """An accepted event. `invoke` runs it, and raises ThrottledError when it may not run yet."""

    function_arn: str
    request_id: str
    invoke: Callable[[], Outcome]
    max_retries: int
    accepted: float
    failures: int = 0
    throttles: int = 0


class AsynchronousInvocations:
    """Runs queued events in the background; a failed one again after each of `retry_delays`."""

    def __init__(self, retry_delays: tuple[float, ...]) -> None:
        self._retry_delays = retry_delays
        self._due: list[tuple[float, int, QueuedEvent]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        self._workers = ThreadPoolExecutor(CONCURRENT_EVENTS, thread_name_prefix="lambda-event")
        threading.Thread(target=self._dispatch, name="lambda-events", daemon=True).start()

    def accept(self, event: QueuedEvent, delay: float = 0.0) -> None:
        """Queue the event; it runs `delay` seconds from now at the earliest."""
        with self._changed:
            entry = (time.monotonic() + delay, next(self._order), event)
            heapq.heappush(self._due, entry)
            self._changed.notify()

    def close(self) -> None:
        """Start no more events."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _dispatch(self) -> None:
        while True:
            with self._changed:
                while not self._closed and not self._is_due():
                    self._changed.wait(self._pause())
                if self._closed:
                    return
                event = heapq.heappop(self._due)[2]
                self._workers.submit(self._run, event)

    def _is_due(self) -> bool:
        return bool(self._due) and self._due[0][0] <= time.monotonic()

    def _pause(self) -> float | None:
        return max(0.0, self._due[0][0] - time.monotonic()) if self._due else None

    def _run(self, event: QueuedEvent) -> None:
        try:
            outcome = event.invoke()
        except ThrottledError:
            self._postpone(event)
        except Exception as error:
            _log.exception("event %s for %s", event.request_id, event.function_arn)
            self._retry(event, f"{type(error).__name__}: {error}")
        else:
            if outcome.failed:
                self._retry(event, outcome.payload.decode(errors="replace"))

    def _retry(self, event: QueuedEvent, problem: str) -> None:
        failed = replace(event, failures=event.failures + 1)
        allowed = min(event.max_retries, len(self._retry_delays))
        if failed.failures > allowed:
            _log.error(
                "event %s for %s dropped after %d attempts: %s",
                event.request_id,
                event.function_arn,
                failed.failures,
                problem,
            )
            return
        delay = self._retry_delays[event.failures]
        _log.warning(
            "event %s for %s failed, retry %d of %d in %g s: %s",
            event.request_id,
            event.function_arn,
            failed.failures,
            allowed,
            delay,
            problem,
        )
        self.accept(failed, delay)

    def _postpone(self, event: QueuedEvent) -> None:
        """A throttled event goes back to the queue, later each time, for up to six hours."""
        if time.monotonic() - event.accepted > MAX_AGE_SECONDS:
            _log.error("event %s for %s expired", event.request_id, event.function_arn)
            return
        first, longest = _THROTTLE_SECONDS
        delay = min(longest, first * 2 ** min(event.throttles, 16))
        self.accept(replace(event, throttles=event.throttles + 1), delay)
