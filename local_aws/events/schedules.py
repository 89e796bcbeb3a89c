"""Schedule expressions, rate(...) and cron(...), and who fires the rules that have them.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import calendar
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple, Protocol

from local_aws.state.accepted import saved
from local_aws.state.state import State

_MONTHS = {
    **{"JAN": 1, "FEB": 2, "MAR": 3, "APR": 4, "MAY": 5, "JUN": 6},
    **{"JUL": 7, "AUG": 8, "SEP": 9, "OCT": 10, "NOV": 11, "DEC": 12},
}
_WEEKDAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\(([^()]+)\)")
_YEARS = (1970, 2199)
_FIELDS = 6
_SATURDAY = 5  # as date.weekday() counts
_LOOK_SECONDS = 1.0
_PART = "schedules"


class InvalidScheduleError(ValueError):
    """The expression is none that EventBridge accepts."""


class Schedule(Protocol):
    """When a rule fires."""

    def next(self, after: datetime) -> datetime | None:
        """Return the first time after `after`, in UTC; None if there is none any more."""


@dataclass(frozen=True)
class Rate:
    """Every so often, counted from when the rule was enabled."""

    interval: timedelta

    def next(self, after: datetime) -> datetime | None:
        """Return the time one interval later."""
        return after + self.interval


@dataclass(frozen=True)
class Cron:
    """At certain minutes of certain days."""

    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    years: frozenset[int]
    falls_on: Callable[[date], bool]

    def next(self, after: datetime) -> datetime | None:
        """Return the first full minute after `after` that the expression names."""
        earliest = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
        day = earliest.date()
        while day.year <= max(self.years):
            if day.year in self.years and day.month in self.months and self.falls_on(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        moment = datetime.combine(day, time(hour, minute), UTC)
                        if moment >= earliest:
                            return moment
            day += timedelta(days=1)
        return None


def parse(expression: str) -> Schedule:
    """Read an expression.

    Raises:
        InvalidScheduleError: naming what is wrong with it.
    """
    if rate := _RATE.fullmatch(expression):
        number, unit, plural = rate.groups()
        if (number == "1") == bool(plural):
            raise InvalidScheduleError(f"{expression}: rate(1 {unit}), but rate(2 {unit}s)")
        return Rate(int(number) * _UNITS[unit])
    if cron := _CRON.fullmatch(expression):
        return _parse_cron(cron[1].split())
    raise InvalidScheduleError(f"{expression}: expected rate(value unit) or cron(fields)")


def _parse_cron(fields: list[str]) -> Cron:
    if len(fields) != _FIELDS:
        raise InvalidScheduleError(f"cron has {_FIELDS} fields, found {len(fields)}")
    minutes, hours, day, month, weekday, year = (field.upper() for field in fields)
    if (day == "?") == (weekday == "?"):
        raise InvalidScheduleError("one of day-of-month and day-of-week must be ?")
    return Cron(
        _numbers(minutes, 0, 59),
        _numbers(hours, 0, 23),
        _numbers(month, 1, 12, _MONTHS),
        _numbers(year, *_YEARS),
        _weekday_rule(weekday) if day == "?" else _day_rule(day),
    )


def _numbers(text: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """Return what a list of values, ranges, steps and `*` stands for."""
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = (f"{low}-{high}" if span == "*" else span).partition("-")
        start = _number(first, low, high, names)
        # A start with a step and no end, as in 5/15, goes on to the highest value.
        end = _number(last, low, high, names) if last else high if step else start
        if end < start:  # FRI-MON
            found.update(range(start, high + 1), range(low, end + 1))
        else:
            found.update(range(start, end + 1, _number(step or "1", 1, high, None)))
    return frozenset(found)


def _number(text: str, low: int, high: int, names: dict[str, int] | None) -> int:
    number = (names or {}).get(text, int(text) if text.isdecimal() else -1)
    if not low <= number <= high:
        raise InvalidScheduleError(f"{text!r} is not between {low} and {high}")
    return number


def _day_rule(text: str) -> Callable[[date], bool]:
    """Return which days a day-of-month field names; L is the last, 15W the weekday nearest."""
    if text == "L":
        return lambda day: day.day == _days_in_month(day)
    if text == "LW":
        return lambda day: day == _nearest_weekday(day, _days_in_month(day))
    if text.endswith("W"):
        wanted = _number(text[:-1], 1, 31, None)
        return lambda day: wanted <= _days_in_month(day) and day == _nearest_weekday(day, wanted)
    days = _numbers(text, 1, 31)
    return lambda day: day.day in days


def _weekday_rule(text: str) -> Callable[[date], bool]:
    """Return which days a day-of-week field names; 5L is the last Thursday, 3#2 Tuesday two.

    It takes no steps: AWS's list of wildcards has "/" for the other fields only.
    """
    if "/" in text:
        raise InvalidScheduleError(f"day-of-week takes no steps, found {text!r}")
    if "#" in text:
        name, _, nth = text.partition("#")
        weekday, count = _number(name, 1, 7, _WEEKDAYS), _number(nth, 1, 5, None)
        return lambda day: _weekday(day) == weekday and (day.day - 1) // 7 + 1 == count
    if text.endswith("L") and text != "L":
        weekday = _number(text[:-1], 1, 7, _WEEKDAYS)
        return lambda day: _weekday(day) == weekday and day.day + 7 > _days_in_month(day)
    weekdays = _numbers("7" if text == "L" else text, 1, 7, _WEEKDAYS)
    return lambda day: _weekday(day) in weekdays


def _weekday(day: date) -> int:
    """EventBridge counts from Sunday, which is 1."""
    return day.isoweekday() % 7 + 1


def _days_in_month(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_weekday(month: date, number: int) -> date:
    """Return the Monday to Friday nearest to that day, within its month."""
    day = month.replace(day=number)
    if day.weekday() < _SATURDAY:
        return day
    saturday = day.weekday() == _SATURDAY
    if saturday:
        return day + timedelta(days=2 if number == 1 else -1)
    return day + timedelta(days=-2 if number == _days_in_month(day) else 1)


class Due(NamedTuple):
    """When a rule fires next by its expression; `at` is None if it never does again."""

    expression: str
    at: datetime | None


class Scheduler:
    """Fires rules that are due by the clock `now`, which gives UTC.

    `rules()` are all enabled rules that have a schedule. A rule that was due several times since
    the last look, on a machine that slept or had no server running, fires once.
    """

    def __init__(
        self,
        rules: Callable[[], Iterable[Any]],
        fire: Callable[[Any, datetime], None],
        state: State,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._rules = rules
        self._fire = fire
        self._state = state
        self._now = now
        self._due: dict[str, Due] = {}  # by the rule's ARN
        self._closed = threading.Event()
        state.keep(_PART, self._due.get, self._due.__setitem__)

    def start(self) -> None:
        """Look at the clock every second, in a thread of its own."""
        threading.Thread(target=self._watch, name="schedules", daemon=True).start()

    def close(self) -> None:
        """Fire nothing more."""
        self._closed.set()

    def look(self) -> None:
        """Fire what is due now. A rule counts from the first look that sees it enabled."""
        now, rules = self._now(), {rule.arn: rule for rule in self._rules()}
        for arn in set(self._due) - set(rules):
            del self._due[arn]
            self._state.changed(_PART, arn)
        for arn, rule in rules.items():
            due = self._due.get(arn)
            if due is None or due.expression != rule.scheduled_expression:
                self._plan(rule, now)
            elif due.at is not None and due.at <= now:
                self._fire(rule, due.at)
                saved(self._state)  # the event first, or a kill might leave neither
                self._plan(rule, now)

    def _plan(self, rule: Any, now: datetime) -> None:
        expression = rule.scheduled_expression
        self._due[rule.arn] = Due(expression, parse(expression).next(now))
        self._state.changed(_PART, rule.arn)

    def _watch(self) -> None:
        while not self._closed.wait(_LOOK_SECONDS):
            self.look()
