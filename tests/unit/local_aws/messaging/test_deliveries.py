"""What a target does not take is tried again while that may help, and is never lost silently."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.awslambda.exceptions import UnknownFunctionException
from moto.core.exceptions import JsonRESTError
from moto.sns.exceptions import SNSNotFoundError
from moto.sqs.exceptions import QueueDoesNotExist

from local_aws.iam.authorization import AccessDeniedError
from local_aws.messaging.deliveries import (
    Deliveries,
    NotPermittedError,
    UnsupportedTargetError,
    may_pass,
    send_at_once,
)
from local_aws.state.dead_letters import KEPT, DeadLetters
from local_aws.state.state import State
from local_aws.state.summary import summary
from tests.support.waiting import eventually

PASSES = RuntimeError("dictionary changed size during iteration")
NEVER = NotPermittedError("the function's policy does not let S3 invoke it")


class Target:
    """Raises the errors in turn, and takes what comes after them."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.asked: list[str] = []
        self.taken: list[str] = []

    def deliver(self, message: str) -> None:
        self.asked.append(message)
        if self.errors and message == "odd":
            raise self.errors.pop(0)
        self.taken.append(message)


class Given:
    """The messages that were given up."""

    def __init__(self) -> None:
        self.up: list[tuple[str, Exception]] = []

    def add(self, message: str, error: Exception) -> None:
        self.up.append((message, error))


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    state = State(tmp_path)
    yield state
    state.close()


def deliveries(state: State, target: Target, given: Any) -> Deliveries[str]:
    made: Deliveries[str] = Deliveries(
        "things", target.deliver, state, give_up=given.add, retry_delays=(0.0, 0.0, 0.0)
    )
    state.restore()
    return made


def waiting(tmp_path: Path) -> int:
    return int(summary(tmp_path)["items"].get("things", 0))


@pytest.mark.parametrize("failures", [1, 3])
def test_a_delivery_that_fails_is_tried_again_while_others_go_on(
    state: State, tmp_path: Path, failures: int
) -> None:
    target, given = Target(*[PASSES] * failures), Given()
    sending = deliveries(state, target, given)
    for message in ("odd", "next"):
        sending.send(message)
    eventually(lambda: sorted(target.taken) == ["next", "odd"])
    assert target.asked.count("odd") == failures + 1
    eventually(lambda: waiting(tmp_path) == 0)
    assert given.up == []


def test_one_that_fails_always_is_given_up_and_told(state: State, tmp_path: Path) -> None:
    target, given = Target(*[PASSES] * 9), Given()
    deliveries(state, target, given).send("odd")
    eventually(lambda: given.up)
    assert given.up == [("odd", PASSES)]
    assert target.asked == ["odd"] * 4
    eventually(lambda: waiting(tmp_path) == 0)


def test_what_cannot_pass_is_tried_once(state: State) -> None:
    target, given = Target(NEVER), Given()
    deliveries(state, target, given).send("odd")
    eventually(lambda: given.up)
    assert (target.asked, given.up) == (["odd"], [("odd", NEVER)])


def test_what_waits_for_its_next_try_is_sent_by_the_next_server(tmp_path: Path) -> None:
    failed = threading.Event()

    def fail(_message: str) -> None:
        failed.set()
        raise PASSES

    first = State(tmp_path)
    sending: Deliveries[str] = Deliveries(
        "things", fail, first, give_up=Given().add, retry_delays=(3600.0,)
    )
    first.restore()
    sending.send("odd")
    failed.wait()
    first.close()
    target, second = Target(), State(tmp_path)
    deliveries(second, target, Given())
    eventually(lambda: target.taken == ["odd"])
    second.close()


def test_one_that_cannot_even_be_given_up_waits_for_the_next_server(
    state: State, tmp_path: Path
) -> None:
    class Full:
        def add(self, message: str, error: Exception) -> None:
            raise OSError("No space left on device")

    target = Target(NEVER)
    sending = deliveries(state, target, Full())
    for message in ("odd", "next"):
        sending.send(message)
    eventually(lambda: target.taken == ["next"])
    eventually(lambda: waiting(tmp_path) == 1)


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (PASSES, True),
        (OSError("disk"), True),
        (JsonRESTError("TooManyRequestsException", "Rate exceeded"), False),
        (UnknownFunctionException("arn:aws:lambda:us-east-1:1:function:gone"), False),
        (QueueDoesNotExist(), False),
        (SNSNotFoundError("Topic does not exist"), False),
        (NEVER, False),
        (AccessDeniedError("no policy allows it"), False),
        (UnsupportedTargetError("targets in ecs"), False),
    ],
)
def test_which_errors_may_pass(error: Exception, passes: bool) -> None:
    assert may_pass(error) is passes


@pytest.mark.parametrize("code", [429, 500, 503])
def test_a_service_that_is_busy_or_broken_may_be_asked_again(code: int) -> None:
    error = JsonRESTError("ServiceException", "later")
    error.code = code
    assert may_pass(error)


def test_sending_at_once() -> None:
    for errors, asked in (([PASSES] * 3, 4), ([], 1)):
        target = Target(*errors)
        send_at_once(lambda: target.deliver("odd"))  # noqa: B023
        assert len(target.asked) == asked
    for errors, asked in (([PASSES] * 4, 4), ([NEVER], 1)):
        target = Target(*errors)
        with pytest.raises(type(errors[0])):
            send_at_once(lambda: target.deliver("odd"))  # noqa: B023
        assert len(target.asked) == asked


def test_dead_letters_are_counted_and_can_be_read(tmp_path: Path) -> None:
    DeadLetters(tmp_path).add("event\nof two lines", NEVER)
    DeadLetters(tmp_path).add("another", PASSES)
    assert summary(tmp_path)["dead_letters"] == 2
    first, _ = (tmp_path / "dead-letters.jsonl").read_text().splitlines()
    letter = json.loads(first)
    assert letter["message"] == "event\nof two lines"
    assert letter["error"] == f"NotPermittedError: {NEVER}"


def test_dead_letters_do_not_grow_without_bound(tmp_path: Path) -> None:
    letters = DeadLetters(tmp_path)
    for number in range(2 * KEPT + 1):
        letters.add(number, NEVER)
    assert summary(tmp_path)["dead_letters"] == KEPT
    newest = (tmp_path / "dead-letters.jsonl").read_text().splitlines()[-1]
    assert json.loads(newest)["message"] == str(2 * KEPT)
