"""Resuming an execution: when it is done, when it is refused, and in which words."""

from typing import Any

import pytest

from lambdas.gate.verdicts import REJECTED_ERROR
from operations.errors import FinalDecisionError, NotRedrivableError
from operations.executions.redrive import PATIENCE_SECONDS, redrive
from tests.fakes.histories import ARN
from tests.fakes.terminal import client_error

NAME = ARN.rsplit(":", 1)[-1]


class FakeExecution:
    """One execution that failed; `lag` calls of DescribeExecution still show it as it was."""

    def __init__(self, *, error: str = "", refusal: Exception | None = None, lag: int = 0) -> None:
        self.redrives: list[str] = []
        self._error = error
        self._refusal = refusal
        self._lag = lag

    def describe_execution(self, executionArn: str) -> dict[str, Any]:
        assert executionArn == ARN
        count = 1 + len(self.redrives)
        if self.redrives and self._lag:
            self._lag -= 1
            count -= 1
        described = {"name": NAME, "status": "FAILED", "redriveCount": count}
        return {**described, "error": self._error, "cause": "accuracy 0.9 < 0.99 required"}

    def redrive_execution(self, executionArn: str) -> None:
        if self._refusal:
            raise self._refusal
        self.redrives.append(executionArn)


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.time = 0.0

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def now(self) -> float:
        return self.time


def resumed(execution: FakeExecution, clock: Clock | None = None) -> int:
    clock = clock or Clock()
    return redrive(execution, ARN, sleep=clock.sleep, clock=clock.now)  # type: ignore[arg-type]


def test_a_failed_execution_is_resumed_once() -> None:
    execution = FakeExecution(error="States.TaskFailed")

    assert resumed(execution) == 2
    assert execution.redrives == [ARN]


def test_it_is_waited_until_aws_shows_the_redrive() -> None:
    execution, clock = FakeExecution(lag=3), Clock()

    assert resumed(execution, clock) == 2
    assert clock.time > 0


def test_it_is_not_waited_for_ever() -> None:
    clock = Clock()

    assert resumed(FakeExecution(lag=1_000_000), clock) == 2
    assert PATIENCE_SECONDS <= clock.time < PATIENCE_SECONDS + 1


def test_a_rejection_is_final_and_aws_is_not_asked() -> None:
    execution = FakeExecution(error=REJECTED_ERROR)

    with pytest.raises(FinalDecisionError, match=f"rejected the model of {NAME}.*final") as raised:
        resumed(execution)

    assert "accuracy 0.9 < 0.99 required" in str(raised.value)
    assert "retrain start" in raised.value.next_step
    assert execution.redrives == []


@pytest.mark.parametrize(
    ("reason", "next_step"),
    [
        ("Execution is RUNNING and cannot be redriven", f"retrain watch {NAME}"),
        ("Execution is SUCCEEDED and cannot be redriven", "nothing to resume"),
        ("Execution redrivable period exceeded", "start anew"),
    ],
)
def test_a_refusal_of_aws_is_one_clear_line(reason: str, next_step: str) -> None:
    execution = FakeExecution(refusal=client_error("ExecutionNotRedrivable", message=f"{reason}."))

    with pytest.raises(NotRedrivableError) as raised:
        resumed(execution)

    assert str(raised.value) == f"{NAME} cannot be resumed: {reason}"
    assert next_step in raised.value.next_step


def test_any_other_error_is_botocores() -> None:
    error = client_error("AccessDeniedException")

    with pytest.raises(type(error)) as raised:
        resumed(FakeExecution(refusal=error))

    assert raised.value is error
