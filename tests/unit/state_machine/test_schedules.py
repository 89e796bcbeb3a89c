"""Schedule expressions: those that EventBridge takes, and what is near to one."""

import pytest

from state_machine.schedules import check_expression


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minute)",
        "rate(5 minutes)",
        "rate(7 days)",
        "cron(0 4 ? * MON *)",
        "cron(0 10 * * ? *)",
        "cron(0/15 * * * ? *)",
        "cron(0 18 ? * MON-FRI *)",
        "cron(0 8 1 * ? *)",
        "cron(5,35 14 * * ? 2026-2030)",
        "cron(0 9 ? * 2#1 *)",
        "cron(0 9 L * ? *)",
    ],
)
def test_what_eventbridge_takes_is_accepted(expression: str) -> None:
    assert check_expression(expression) == expression


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "weekly",
        "rate(7 day)",
        "rate(1 days)",
        "rate(0 days)",
        "rate(7 weeks)",
        "rate(7days)",
        "cron(0 4 * * MON)",
        "cron(0 4 * * MON *)",
        "cron(0 4 ? * ? *)",
        "cron(0  4 ? * MON *)",
        "0 4 * * 1",
        "at(2026-02-07T04:00:00)",
    ],
)
def test_anything_else_says_what_is_expected(expression: str) -> None:
    with pytest.raises(ValueError, match=r"expected rate\(1 hour\)"):
        check_expression(expression)
