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
        "cron(0 9 LW * ? *)",
        "cron(0 9 15W JAN-MAR ? *)",
        "cron(0 9 ? * 5L *)",
        "cron(0 9 ? * FRI#2 *)",
        "cron(0 9 ? 2/3 L 1970/10)",
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


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("cron(0 4 ? * 0 *)", "'0' is no day of week of EventBridge's cron: expected day of week "),
        ("cron(0 4 ? * 8 *)", "from 1 to 7, or SUN-SAT"),
        ("cron(0 4 ? * MOM *)", "'MOM' is no day of week"),
        ("cron(0 4 ? * 3#9 *)", "'3#9' is no day of week"),
        ("cron(0 4 ? * MON-FRI/2 *)", "'MON-FRI/2' is no day of week"),
        ("cron(99 4 ? * MON *)", "'99' is no minutes of EventBridge's cron: expected minutes from"),
        ("cron(*/75 * * * ? *)", "'*/75' is no minutes"),
        ("cron(0 25 ? * MON *)", "'25' is no hours"),
        ("cron(0 4 32 * ? *)", "'32' is no day of month"),
        ("cron(0 4 0W * ? *)", "'0W' is no day of month"),
        ("cron(0 4 1 13 ? *)", "'13' is no month"),
        ("cron(0 4 ? * MON 1900)", "'1900' is no year"),
        (f"cron({','.join(map(str, range(60)))} * {','.join(['31'] * 30)} * ? *)", "at most 256"),
    ],
)
def test_a_value_out_of_its_fields_range_is_named(expression: str, said: str) -> None:
    with pytest.raises(ValueError, match="expected") as refused:
        check_expression(expression)

    assert said in str(refused.value)
