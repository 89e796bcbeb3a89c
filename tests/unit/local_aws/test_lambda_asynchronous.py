"""The queue of asynchronous invocations, with functions and conclusions that the test holds."""

import queue
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from local_aws.lambda_asynchronous import (
    AsynchronousInvocations,
    Conclusion,
    Condition,
    QueuedEvent,
    ThrottledError,
)
from local_aws.lambda_environment import Outcome

FAILED = Outcome(b'{"errorMessage": "no"}', failed=True, log_tail=b"")


@pytest.fixture
def invocations() -> Iterator[AsynchronousInvocations]:
    started = AsynchronousInvocations(retry_delays=(0.0, 0.0))
    yield started
    started.close()


def end_of(
    invocations: AsynchronousInvocations,
    invoke: Callable[[], Outcome],
    *,
    age: float = 0.0,
    **settings: Any,
) -> Conclusion:
    """Queue an event that was accepted `age` seconds ago; return how it ended."""
    ends: queue.SimpleQueue[Conclusion] = queue.SimpleQueue()
    settings = {"max_retries": 2, **settings}
    accepted = time.monotonic() - age
    invocations.accept(
        QueuedEvent("arn", "id", invoke, conclude=ends.put, accepted=accepted, **settings)
    )
    return ends.get(timeout=10)


def fail() -> Outcome:
    return FAILED


def throttle() -> Outcome:
    raise ThrottledError


def test_an_event_that_fails_ends_after_its_retries(
    invocations: AsynchronousInvocations,
) -> None:
    end = end_of(invocations, fail, max_retries=1)

    assert end == Conclusion(Condition.RETRIES_EXHAUSTED, 2, FAILED)


def test_an_event_that_waited_too_long_is_not_run(invocations: AsynchronousInvocations) -> None:
    end = end_of(invocations, fail, age=61, max_age=60)

    assert end == Conclusion(Condition.EVENT_AGE_EXCEEDED, 0, None)


def test_a_throttled_event_ages_and_counts_no_attempt(
    invocations: AsynchronousInvocations,
) -> None:
    # The queue tries it again after a second; by then it is older than it may be.
    end = end_of(invocations, throttle, age=59.5, max_age=60)

    assert end == Conclusion(Condition.EVENT_AGE_EXCEEDED, 0, None)


def test_a_conclusion_that_fails_does_not_stop_the_queue(
    invocations: AsynchronousInvocations,
) -> None:
    def refuse(_end: Conclusion) -> None:
        raise RuntimeError("no destination")

    event = QueuedEvent("arn", "id", fail, conclude=refuse, max_retries=0, accepted=0.0)
    invocations.accept(event)

    assert end_of(invocations, fail, max_retries=0).attempts == 1
