"""When AWS refuses to redrive, where a test cannot wait for it."""

from datetime import UTC, datetime, timedelta

import pytest
from moto.stepfunctions.parser.api import ExecutionStatus

from local_aws.stepfunctions.redrive import refusal

STARTED = datetime(2026, 1, 1, tzinfo=UTC)
STOPPED = STARTED + timedelta(hours=1)
DAY = timedelta(days=1)
MOMENT = timedelta(seconds=1)


@pytest.mark.parametrize("status", ["FAILED", "ABORTED", "TIMED_OUT"])
def test_within_14_days_what_did_not_succeed_can_be_redriven(status: str) -> None:
    now = STOPPED + 14 * DAY

    assert refusal(ExecutionStatus(status), STARTED, STOPPED, 10, now) == ""


@pytest.mark.parametrize(
    ("stopped", "events", "now", "reason"),
    [
        (STOPPED, 10, STOPPED + 14 * DAY + MOMENT, "Execution redrivable period exceeded"),
        (STOPPED, 24_999, STOPPED, "Execution history event limit exceeded"),
        (
            STARTED + 360 * DAY,
            10,
            STARTED + 365 * DAY + MOMENT,
            "Execution has exceeded the max execution time",
        ),
    ],
)
def test_a_bound_that_is_passed_is_named(
    stopped: datetime, events: int, now: datetime, reason: str
) -> None:
    assert refusal(ExecutionStatus.FAILED, STARTED, stopped, events, now) == reason


def test_one_event_less_than_the_limit_is_enough() -> None:
    assert refusal(ExecutionStatus.FAILED, STARTED, STOPPED, 24_998, STOPPED) == ""
