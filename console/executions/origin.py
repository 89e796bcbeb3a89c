"""Who or what started an execution, and on what, as its input says.

The input is hostile: whoever may start executions wrote it. Everything here is one short line.
"""

import json
from dataclasses import dataclass
from typing import Any

from lambdas.boundary.text import one_line

LONGEST = 200
# By `trigger`, which the ways in fill in; without one the execution was started directly.
_WAYS = {
    "upload": "Upload",
    "start_retraining": "start_retraining",
    "console": "Step Functions",
    "schedule": "Schedule",
    "alarm": "Alarm",
    "topic": "SNS topic",
}


@dataclass(frozen=True)
class Origin:
    """`started_by` is a person or a way in, `way` the way in; `dataset` may be empty."""

    started_by: str
    way: str
    reason: str
    dataset: str


def origin(execution_input: str) -> Origin:
    """Read an execution's input, the JSON of DescribeExecution."""
    asked = json_object(execution_input)
    way = _WAYS.get(text(asked, "trigger")) or "Step Functions"
    return Origin(
        started_by=text(asked, "requested_by") or way,
        way=way,
        reason=text(asked, "reason"),
        dataset=text(asked, "dataset"),
    )


def json_object(content: str) -> dict[str, Any]:
    """The JSON object in `content`; empty if there is none."""
    try:
        found = json.loads(content or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def text(found: object, *path: str) -> str:
    """The text at a path of keys as one line; empty if there is none."""
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return one_line(found, LONGEST) if isinstance(found, str) else ""
