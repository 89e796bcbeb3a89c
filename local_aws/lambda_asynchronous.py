"""Asynchronous invocations: Lambda's own queue between whoever sends an event and the function.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html

What becomes of an event when the queue is done with it: see lambda_destinations.
"""

import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum

from local_aws.lambda_environment import Outcome

CONCURRENT_EVENTS = 8
MAX_AGE_SECONDS = 6 * 3600.0
_THROTTLE_SECONDS = (1.0, 300.0)  # the first and the longest pause of a throttled event

_log = logging.getLogger(__name__)


class ThrottledError(Exception):
    """The function may not run more often at the same time than it does."""


class ZeroConcurrencyError(Exception):
    """The function may not run at all, and has a place for the events that it does not take."""


class Condition(StrEnum):
    """Why the queue is done with an event, in the words of AWS's invocation records."""

    SUCCESS = "Success"
    RETRIES_EXHAUSTED = "RetriesExhausted"
    EVENT_AGE_EXCEEDED = "EventAgeExceeded"
    ZERO_RESERVED_CONCURRENCY = "ZeroReservedConcurrency"


@dataclass(frozen=True)
class Conclusion:
    """How an event ended: after how many attempts, and with what outcome of the last, if any."""

    condition: Condition
    attempts: int
    outcome: Outcome | None


@dataclass(frozen=True)
class QueuedEvent:
    """An accepted event.

    `invoke` runs it; it raises ThrottledError when it may not run yet, and ZeroConcurrencyError
    when it never may. `conclude` is told how the event ended. `accepted` is a time of
    `time.monotonic`, `max_age` in seconds.
    """

    function_arn: str
    request_id: str
    invoke: Callable[[], Outcome]
    conclude: Callable[[Conclusion], None]
    max_retries: int
    accepted: float
    max_age: float = MAX_AGE_SECONDS
    failures: int = 0
    throttles: int = 0
    last_outcome: Outcome | None = None


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
        if time.monotonic() - event.accepted > event.max_age:
            self._conclude(event, Condition.EVENT_AGE_EXCEEDED)
            return
        try:
            outcome = event.invoke()
        except ThrottledError:
            self._postpone(event)
        except ZeroConcurrencyError:
            self._conclude(event, Condition.ZERO_RESERVED_CONCURRENCY)
        except Exception as error:
            _log.exception("event %s for %s", event.request_id, event.function_arn)
            self._retry(event, None, f"{type(error).__name__}: {error}")
        else:
            if outcome.failed:
                self._retry(event, outcome, outcome.payload.decode(errors="replace"))
            else:
                succeeded = replace(event, last_outcome=outcome)
                self._conclude(succeeded, Condition.SUCCESS)

    def _retry(self, event: QueuedEvent, outcome: Outcome | None, problem: str) -> None:
        failed = replace(event, failures=event.failures + 1, last_outcome=outcome)
        allowed = min(event.max_retries, len(self._retry_delays))
        if failed.failures > allowed:
            self._conclude(failed, Condition.RETRIES_EXHAUSTED, problem)
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
        """A throttled event goes back to the queue, later each time, until it is too old."""
        first, longest = _THROTTLE_SECONDS
        delay = min(longest, first * 2 ** min(event.throttles, 16))
        self.accept(replace(event, throttles=event.throttles + 1), delay)

    def _conclude(self, event: QueuedEvent, condition: Condition, problem: str = "") -> None:
        succeeded = condition is Condition.SUCCESS
        attempts = event.failures + succeeded
        if not succeeded:
            _log.error(
                "event %s for %s dropped after %d attempts: %s",
                event.request_id,
                event.function_arn,
                attempts,
                problem or condition,
            )
        try:
            event.conclude(Conclusion(condition, attempts, event.last_outcome))
        except Exception:
            _log.exception("the record of event %s was not sent", event.request_id)
