"""The queue of asynchronous invocations, with functions and conclusions that the test holds."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from local_aws.awslambda.asynchronous import (
    AsynchronousInvocations,
    Condition,
    QueuedEvent,
    ThrottledError,
)
from local_aws.awslambda.environment import Outcome
from local_aws.awslambda.runtime_api import Event
from local_aws.state.state import State
from tests.support.waiting import eventually

FAILED = Outcome(b'{"errorMessage": "no"}', failed=True, log_tail=b"")
DONE = Outcome(b"1", failed=False, log_tail=b"")

Answer = Callable[[], Outcome]


class Server:
    """A queue over the state of a folder; `answer` is what its function does."""

    def __init__(self, folder: Path, answer: Answer, *, retry_delays: tuple[float, ...]) -> None:
        self.ends: queue.SimpleQueue[QueuedEvent] = queue.SimpleQueue()
        self.runs = 0
        self._answer = answer
        self.state = State(folder)
        self.queue = AsynchronousInvocations(
            retry_delays, invoke=self._invoke, conclude=self.conclude, state=self.state
        )
        self.state.restore()

    def accept(self, *, age: float = 0.0, **settings: Any) -> None:
        """Queue an event that was accepted `age` seconds ago, and save it."""
        settings = {"max_retries": 2, "accepted": time.time() - age, **settings}
        self.queue.accept(QueuedEvent("arn", Event("id", b"{}"), **settings))
        self.state.save()

    def end(self) -> QueuedEvent:
        """Wait for the next event to end."""
        return self.ends.get(timeout=10)

    def conclude(self, event: QueuedEvent) -> None:
        self.ends.put(event)

    def _invoke(self, _event: QueuedEvent) -> Outcome:
        self.runs += 1
        return self._answer()


Start = Callable[..., Server]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a server on the test's folder; as after a kill, the one before closes nothing."""
    started: list[Server] = []

    def start(
        answer: Answer,
        kind: type[Server] = Server,
        retry_delays: tuple[float, ...] = (0.0, 0.0),
    ) -> Server:
        started.append(kind(tmp_path, answer, retry_delays=retry_delays))
        return started[-1]

    yield start
    for server in started:
        server.queue.close()


def fail() -> Outcome:
    return FAILED


def succeed() -> Outcome:
    return DONE


def throttle() -> Outcome:
    raise ThrottledError


def test_an_event_that_fails_ends_after_its_retries(start: Start) -> None:
    server = start(fail)
    server.accept(max_retries=1)
    end = server.end()

    assert (end.condition, end.attempts) == (Condition.RETRIES_EXHAUSTED, 2)
    assert end.last_outcome == FAILED


def test_an_event_that_waited_too_long_is_not_run(start: Start) -> None:
    server = start(fail)
    server.accept(age=61, max_age=60)
    end = server.end()

    assert (end.condition, end.attempts) == (Condition.EVENT_AGE_EXCEEDED, 0)
    assert end.last_outcome is None
    assert server.runs == 0


def test_a_throttled_event_ages_and_counts_no_attempt(start: Start) -> None:
    server = start(throttle)
    server.accept(age=59.5, max_age=60)
    end = server.end()

    assert (end.condition, end.attempts) == (Condition.EVENT_AGE_EXCEEDED, 0)
    assert server.runs == 1


def test_a_conclusion_that_fails_does_not_stop_the_queue(start: Start) -> None:
    class Refuses(Server):
        def conclude(self, event: QueuedEvent) -> None:
            super().conclude(event)
            raise RuntimeError("no destination")

    server = start(fail, Refuses)
    server.accept(max_retries=0)
    server.accept(max_retries=0)

    assert [server.end().attempts, server.end().attempts] == [1, 1]


def test_an_event_that_waits_for_its_retry_goes_on_with_the_retries_that_are_left(
    start: Start,
) -> None:
    killed = start(fail, retry_delays=(0.5, 600.0))
    killed.accept()
    eventually(lambda: _kept(killed).failures == 1)
    killed.state.save()
    killed.queue.close()
    due = _kept(killed).due

    after = start(fail)
    end = after.end()

    assert time.time() >= due  # it waited as long as it would have
    assert (killed.runs, after.runs, end.attempts) == (1, 2, 3)


def test_an_event_that_ran_runs_again_and_that_is_no_retry(start: Start) -> None:
    def run_until_killed() -> Outcome:
        until_killed.wait()
        return FAILED

    until_killed = threading.Event()  # of which a retry may ask again
    killed = start(run_until_killed)
    killed.accept()
    eventually(lambda: killed.runs == 1)

    after = start(succeed)
    end = after.end()

    assert (end.condition, end.attempts) == (Condition.SUCCESS, 1)
    until_killed.set()


def test_an_event_whose_record_was_not_sent_is_concluded_without_another_attempt(
    start: Start,
) -> None:
    class NeverSends(Server):
        def conclude(self, event: QueuedEvent) -> None:
            super().conclude(event)
            until_killed.wait()

    until_killed = threading.Event()
    killed = start(fail, NeverSends)
    killed.accept(max_retries=0)
    killed.end()
    killed.state.save()

    after = start(fail)

    assert after.end().condition is Condition.RETRIES_EXHAUSTED
    assert after.runs == 0
    until_killed.set()


def test_an_event_that_ended_is_gone(start: Start) -> None:
    server = start(succeed)
    server.accept()
    server.end()
    eventually(lambda: not server.queue._accepted._items)
    server.state.save()

    after = start(succeed)
    after.accept(max_retries=0)
    after.end()

    assert after.runs == 1


def _kept(server: Server) -> QueuedEvent:
    [event] = server.queue._accepted._items.values()
    return event
