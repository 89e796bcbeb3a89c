"""Schedule expressions of EventBridge, checked before a deployment would find them wrong.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

import re

RATE = re.compile(r"rate\((?:1 (?:minute|hour|day)|(?!0|1 )\d{1,6} (?:minutes|hours|days))\)")
CRON = re.compile(r"cron\(([^()]*)\)")

# Minutes, hours, day of month, month, day of week, year.
CRON_FIELDS = tuple(
    re.compile(rf"(?:{value})(?:,(?:{value}))*")
    for value in (
        r"\*|\d{1,2}(?:-\d{1,2})?(?:/\d{1,2})?|\*/\d{1,2}",
        r"\*|\d{1,2}(?:-\d{1,2})?(?:/\d{1,2})?|\*/\d{1,2}",
        r"\*|\?|L|LW|\d{1,2}W|\d{1,2}(?:-\d{1,2})?(?:/\d{1,2})?|\*/\d{1,2}",
        r"\*|(?:\d{1,2}|[A-Z]{3})(?:-(?:\d{1,2}|[A-Z]{3}))?(?:/\d{1,2})?|\*/\d{1,2}",
        r"\*|\?|L|\d(?:L|#\d)|(?:\d|[A-Z]{3})(?:-(?:\d|[A-Z]{3}))?(?:/\d)?",
        r"\*|\d{4}(?:-\d{4})?(?:/\d{1,3})?|\*/\d{1,3}",
    )
)
DAY_OF_MONTH, DAY_OF_WEEK = 2, 4


def check_expression(expression: str) -> str:
    """Return `expression` if it has the form of a rate or of a cron expression.

    Raises:
        ValueError: saying what was expected.
    """
    cron = CRON.fullmatch(expression)
    if not RATE.fullmatch(expression) and not (cron and _is_cron(cron[1].split(" "))):
        raise ValueError(
            "expected rate(1 hour), rate(7 days) and the like, or cron(minutes hours day-of-month "
            "month day-of-week year) with a ? for one of the two days, such as cron(0 4 ? * MON *)"
        )
    return expression


def _is_cron(fields: list[str]) -> bool:
    return (
        len(fields) == len(CRON_FIELDS)
        and all(form.fullmatch(field) for form, field in zip(CRON_FIELDS, fields, strict=True))
        # A day can be given by one of the two only: the other one is "?".
        and (fields[DAY_OF_MONTH] == "?") != (fields[DAY_OF_WEEK] == "?")
    )
