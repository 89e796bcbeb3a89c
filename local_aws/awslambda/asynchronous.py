"""Asynchronous invocations: Lambda's own queue between whoever sends an event and the function.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html

What becomes of an event when the queue is done with it: see `destinations`.
"""

import heapq
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum

from local_aws.awslambda.environment import Outcome
from local_aws.awslambda.runtime_api import Event
from local_aws.state.accepted import Accepted
from local_aws.state.moto_services import changes
from local_aws.state.state import State

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
class QueuedEvent:
    """An accepted event, and how far the queue is with it.

    `function_arn` may name a version or an alias. `accepted` and `due`, before which it does not
    run, are in seconds since the epoch, `max_age` in seconds. `condition` is None until the queue
    is done with it.
    """

    function_arn: str
    event: Event
    accepted: float
    max_retries: int
    max_age: float = MAX_AGE_SECONDS
    due: float = 0.0
    failures: int = 0
    throttles: int = 0
    last_outcome: Outcome | None = None
    condition: Condition | None = None

    @property
    def attempts(self) -> int:
        """How often the function ran to an end on it, good or bad."""
        return self.failures + (self.condition is Condition.SUCCESS)

    def __str__(self) -> str:
        return f"event {self.event.request_id} for {self.function_arn}"


class AsynchronousInvocations:
    """Runs queued events in the background; a failed one again after each of `retry_delays`.

    `invoke` runs one; it raises ThrottledError when that may not run yet, and ZeroConcurrencyError
    when it never may. `conclude` is told of each that ended. An event that ran when the server was
    killed runs again, and that is no retry.
    """

    def __init__(
        self,
        retry_delays: tuple[float, ...],
        *,
        invoke: Callable[[QueuedEvent], Outcome],
        conclude: Callable[[QueuedEvent], None],
        state: State,
    ) -> None:
        self._retry_delays = retry_delays
        self._invoke = invoke
        self._tell = conclude
        self._state = state
        self._due: list[tuple[float, str, QueuedEvent]] = []
        self._changed = threading.Condition()
        self._closed = False
        self._workers = ThreadPoolExecutor(CONCURRENT_EVENTS, thread_name_prefix="lambda-event")
        self._accepted: Accepted[QueuedEvent] = Accepted(state, "lambda-events", self._queue)
        threading.Thread(target=self._dispatch, name="lambda-events", daemon=True).start()

    def accept(self, event: QueuedEvent) -> None:
        """Have the event run when it is due."""
        self._queue(self._accepted.add(event), event)

    def close(self) -> None:
        """Start no more events."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _queue(self, key: str, event: QueuedEvent) -> None:
        with self._changed:
            heapq.heappush(self._due, (event.due, key, event))
            self._changed.notify()

    def _dispatch(self) -> None:
        while True:
            with self._changed:
                while not self._closed and not self._is_due():
                    self._changed.wait(self._pause())
                if self._closed:
                    return
                _, key, event = heapq.heappop(self._due)
                self._workers.submit(self._run, key, event)

    def _is_due(self) -> bool:
        return bool(self._due) and self._due[0][0] <= time.time()

    def _pause(self) -> float | None:
        return max(0.0, self._due[0][0] - time.time()) if self._due else None

    def _run(self, key: str, event: QueuedEvent) -> None:
        if event.condition is None:
            before, event = event, self._attempted(event)
            if self._closed:  # the function may have failed because the server ends
                return
            self._accepted.replace(key, event)
            _log_problem(before, event)
        if event.condition is None:
            self._queue(key, event)
        else:
            self._conclude(key, event)

    def _attempted(self, event: QueuedEvent) -> QueuedEvent:
        """Run the event once; return how far it is then."""
        if time.time() - event.accepted >= event.max_age:
            return replace(event, condition=Condition.EVENT_AGE_EXCEEDED)
        try:
            outcome = self._invoke(event)
        except ThrottledError:
            return _postponed(event)
        except ZeroConcurrencyError:
            return replace(event, condition=Condition.ZERO_RESERVED_CONCURRENCY)
        except Exception:
            _log.exception("%s", event)
            return self._failed(event, None)
        if outcome.failed:
            return self._failed(event, outcome)
        return replace(event, last_outcome=outcome, condition=Condition.SUCCESS)

    def _failed(self, event: QueuedEvent, outcome: Outcome | None) -> QueuedEvent:
        failed = replace(event, failures=event.failures + 1, last_outcome=outcome)
        if event.failures >= min(event.max_retries, len(self._retry_delays)):
            return replace(failed, condition=Condition.RETRIES_EXHAUSTED)
        return replace(failed, due=time.time() + self._retry_delays[event.failures])

    def _conclude(self, key: str, event: QueuedEvent) -> None:
        try:
            with changes(self._state):
                self._tell(event)
        except Exception:
            _log.exception("the record of %s was not sent", event)
        self._accepted.settle([key])


def _postponed(event: QueuedEvent) -> QueuedEvent:
    """A throttled event goes back to the queue, later each time, until it is too old."""
    first, longest = _THROTTLE_SECONDS
    delay = min(longest, first * 2 ** min(event.throttles, 16))
    due = min(time.time() + delay, event.accepted + event.max_age)
    return replace(event, throttles=event.throttles + 1, due=due)


def _log_problem(before: QueuedEvent, event: QueuedEvent) -> None:
    """Log that the event is dropped, or failed and is tried again."""
    outcome = event.last_outcome
    why = outcome.payload.decode(errors="replace") if outcome else "no answer"
    if event.condition not in (None, Condition.SUCCESS):
        message = "%s dropped after %d attempts, %s: %s"
        _log.error(message, event, event.attempts, event.condition, why)
    elif event.failures > before.failures:
        delay = max(0.0, event.due - time.time())
        _log.warning("%s failed, retry %d in %.1f s: %s", event, event.failures, delay, why)
