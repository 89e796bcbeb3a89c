"""Schedule expressions of EventBridge, checked before a deployment would find them wrong.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from state_machine.service_models import bound

RATE = re.compile(r"rate\((?:1 (?:minute|hour|day)|(?!0|1 )\d{1,6} (?:minutes|hours|days))\)")
CRON = re.compile(r"cron\(([^()]*)\)")
LONGEST = bound("events", "ScheduleExpression", "max")

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
# EventBridge counts from Sunday, which is 1.
WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


@dataclass(frozen=True)
class CronField:
    """One of the six fields: the values it may have, and what it takes beside lists of them.

    `alone` is a pattern of what stands for a whole field, and `steps` tells whether a value may be
    followed by "/" and a number. An item of a list is a value, a range or a step.
    """

    name: str
    low: int
    high: int
    names: Mapping[str, int] = field(default_factory=dict)
    alone: str = ""
    steps: bool = True

    def takes(self, text: str) -> bool:
        """Tell whether the field may be `text`."""
        if self.alone and re.fullmatch(self.alone, text):
            return True
        return all(self._is_item(item) for item in text.split(","))

    def _is_item(self, item: str) -> bool:
        span, slash, step = item.partition("/")
        if slash and not (self.steps and _is_number(step, 1, self.high)):
            return False
        first, dash, last = span.partition("-")
        return span == "*" or (self._is_value(first) and (not dash or self._is_value(last)))

    def _is_value(self, text: str) -> bool:
        return text in self.names or _is_number(text, self.low, self.high)

    def __str__(self) -> str:
        named = f", or {'-'.join([*self.names][:: len(self.names) - 1])}" if self.names else ""
        return f"{self.name} from {self.low} to {self.high}{named}"


_DAY = "(?:[1-9]|[12][0-9]|3[01])"
_WEEKDAY = f"(?:[1-7]|{'|'.join(WEEKDAYS)})"
CRON_FIELDS = (
    CronField("minutes", 0, 59),
    CronField("hours", 0, 23),
    CronField("day of month", 1, 31, alone=rf"\?|L|LW|{_DAY}W"),
    CronField("month", 1, 12, {name: number for number, name in enumerate(MONTHS, 1)}),
    CronField(
        "day of week",
        1,
        7,
        {name: number for number, name in enumerate(WEEKDAYS, 1)},
        alone=rf"\?|L|{_WEEKDAY}(?:L|#[1-5])",
        steps=False,
    ),
    CronField("year", 1970, 2199),
)
DAY_OF_MONTH, DAY_OF_WEEK = 2, 4


def check_expression(expression: str) -> str:
    """Return `expression` if it is a rate or a cron expression that EventBridge takes.

    Raises:
        ValueError: saying what was expected.
    """
    if len(expression) > LONGEST:
        raise ValueError(f"{len(expression)} characters, expected at most {LONGEST}")
    if RATE.fullmatch(expression):
        return expression
    cron = CRON.fullmatch(expression)
    fields = cron[1].split(" ") if cron else []
    if len(fields) != len(CRON_FIELDS) or not _one_day(fields):
        raise ValueError(
            "expected rate(1 hour), rate(7 days) and the like, or cron(minutes hours day-of-month "
            "month day-of-week year) with a ? for one of the two days, such as cron(0 4 ? * MON *)"
        )
    for form, text in zip(CRON_FIELDS, fields, strict=True):
        if not form.takes(text):
            raise ValueError(f"{text!r} is no {form.name} of EventBridge's cron: expected {form}")
    return expression


def _one_day(fields: list[str]) -> bool:
    """A day can be given by one of the two only: the other one is "?"."""
    return (fields[DAY_OF_MONTH] == "?") != (fields[DAY_OF_WEEK] == "?")


def _is_number(text: str, low: int, high: int) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,4}", text)) and low <= int(text) <= high
