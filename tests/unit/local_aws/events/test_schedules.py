"""When rate and cron expressions fire; the clock is the test's."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local_aws.events.schedules import InvalidScheduleError, Scheduler, parse
from local_aws.state.state import State

MONDAY = datetime(2026, 11, 23, 13, 16, 50, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("rate(1 minute)", ["2026-11-23 13:17:50", "2026-11-23 13:18:50"]),
        ("rate(12 hours)", ["2026-11-24 01:16:50"]),
        ("rate(1 day)", ["2026-11-24 13:16:50"]),
        ("cron(0 3 * * ? *)", ["2026-11-24 03:00", "2026-11-25 03:00"]),
        ("cron(15 10 ? * 6L 2026-2027)", ["2026-11-27 10:15", "2026-12-25 10:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-11-23 18:00", "2026-11-24 18:00"]),
        ("cron(0/10 * ? * FRI-MON *)", ["2026-11-23 13:20", "2026-11-23 13:30"]),
        ("cron(5,35 14 * * ? *)", ["2026-11-23 14:05", "2026-11-23 14:35"]),
        ("cron(0 9 ? * 2#1 *)", ["2026-12-07 09:00", "2027-01-04 09:00"]),
        ("cron(0 0 L * ? *)", ["2026-11-30 00:00", "2026-12-31 00:00"]),
        ("cron(0 0 L FEB ? *)", ["2027-02-28 00:00", "2028-02-29 00:00"]),
        ("cron(0 0 ? * L *)", ["2026-11-28 00:00"]),
        ("cron(0 0 LW * ? *)", ["2026-11-30 00:00", "2026-12-31 00:00", "2027-01-29 00:00"]),
        ("cron(0 8 1W * ? *)", ["2026-12-01 08:00", "2027-01-01 08:00", "2027-02-01 08:00"]),
        ("cron(0 8 1W MAY,AUG ? *)", ["2027-05-03 08:00", "2027-08-02 08:00"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29 00:00"]),
        ("cron(0 0 1 1 ? 2025)", []),
        ("cron(0 0 30 2 ? *)", []),
    ],
)
def test_times_that_an_expression_names(expression: str, times: list[str]) -> None:
    schedule = parse(expression)
    moment, found = MONDAY, []
    for _ in range(len(times) or 1):
        following = schedule.next(moment)
        if following is None:
            break
        found.append(following)
        moment = following

    assert found == [at(text) for text in times]


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minutes)",
        "rate(2 minute)",
        "rate(0 minutes)",
        "rate(5 seconds)",
        "every day",
        "cron(0 3 * * ?)",
        "cron(0 3 * * * *)",
        "cron(0 3 ? * ? *)",
        "cron(60 3 * * ? *)",
        "cron(0 24 * * ? *)",
        "cron(0 3 32 * ? *)",
        "cron(0 3 ? * MONDAY *)",
        "cron(0 3 * 13 ? *)",
        "cron(0 3 ? * 2#6 *)",
        "cron(x 3 * * ? *)",
    ],
)
def test_what_eventbridge_refuses(expression: str) -> None:
    with pytest.raises(InvalidScheduleError):
        parse(expression)


@dataclass(eq=False)
class FakeRule:
    scheduled_expression: str
    arn: str = "arn:aws:events:us-east-1:123456789012:rule/r"


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Watched:
    """A scheduler over rules and a clock that a test holds, with the state of a folder."""

    def __init__(self, folder: Path, *rules: FakeRule, now: datetime = MONDAY) -> None:
        self.rules = list(rules)
        self.clock = Clock(now)
        self.fired: list[tuple[FakeRule, datetime]] = []
        self.state = State(folder)
        self.scheduler = Scheduler(
            lambda: self.rules,
            lambda rule, due: self.fired.append((rule, due)),
            self.state,
            self.clock,
        )
        self.state.restore()
        self.scheduler.look()
        self.state.save()

    def move(self, **by: float) -> list[datetime]:
        """Move the clock; return the times for which rules fired."""
        self.fired.clear()
        self.clock.now += timedelta(**by)
        self.scheduler.look()
        return [due for _, due in self.fired]


def test_a_rule_fires_when_its_time_comes_and_once(tmp_path: Path) -> None:
    watched = Watched(tmp_path, FakeRule("cron(0 3 * * ? *)"))

    assert watched.move(hours=13) == []
    assert watched.move(hours=1) == [at("2026-11-24 03:00")]
    assert watched.move(minutes=5) == []
    assert watched.move(days=1) == [at("2026-11-25 03:00")]


def test_a_rate_is_counted_from_the_first_look(tmp_path: Path) -> None:
    watched = Watched(tmp_path, FakeRule("rate(5 minutes)"))

    assert watched.move(minutes=4, seconds=59) == []
    assert watched.move(seconds=1) == [MONDAY + timedelta(minutes=5)]


def test_what_a_sleeping_machine_missed_is_fired_once(tmp_path: Path) -> None:
    watched = Watched(tmp_path, FakeRule("rate(1 minute)"))

    assert len(watched.move(hours=8)) == 1
    assert watched.move(seconds=59) == []


def test_a_rule_that_was_disabled_starts_anew(tmp_path: Path) -> None:
    rule = FakeRule("rate(1 hour)")
    watched = Watched(tmp_path, rule)
    watched.rules.clear()

    assert watched.move(hours=2) == []
    watched.rules.append(rule)
    assert watched.move(minutes=1) == []
    assert len(watched.move(hours=1)) == 1


def test_a_schedule_goes_on_after_a_restart(tmp_path: Path) -> None:
    rule = FakeRule("rate(1 hour)")
    killed = Watched(tmp_path, rule)
    assert len(killed.move(hours=1)) == 1
    killed.state.save()

    after = Watched(tmp_path, rule, now=MONDAY + timedelta(hours=1, minutes=30))

    assert after.fired == []
    assert after.move(minutes=30) == [MONDAY + timedelta(hours=2)]


def test_what_came_due_while_no_server_ran_is_fired_once(tmp_path: Path) -> None:
    rule = FakeRule("cron(0 3 * * ? *)")
    Watched(tmp_path, rule)

    after = Watched(tmp_path, rule, now=MONDAY + timedelta(days=3))

    assert after.fired == [(rule, at("2026-11-24 03:00"))]
    assert after.move(days=1) == [at("2026-11-27 03:00")]


def test_a_rule_with_another_expression_starts_anew(tmp_path: Path) -> None:
    watched = Watched(tmp_path, FakeRule("rate(1 hour)"))
    watched.rules = [FakeRule("rate(1 day)")]

    assert watched.move(hours=2) == []
    assert watched.move(days=1) == [MONDAY + timedelta(days=1, hours=2)]
