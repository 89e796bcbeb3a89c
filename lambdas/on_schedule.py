"""Retraining that is due by the clock, put into words as a payload of ``start_retraining``."""

from collections.abc import Mapping
from typing import Any

from lambdas.boundary import events
from lambdas.boundary.text import one_line
from lambdas.on_request import Start


def on_schedule(event: Mapping[str, Any], *, start: Start) -> dict[str, Any]:
    """Retrain on the newest complete data set; ``event`` is what EventBridge's rule sends.

    ``start`` takes a payload of start_retraining and a request id. That id is the event's own:
    EventBridge delivers at least once, and a second delivery must start nothing more.

    Raises InvalidInputError and what start_retraining raises.
    """
    events.check(event, "a schedule")
    rule = event["resources"][0].rsplit("/", 1)[-1]
    reason = one_line(f"rule {rule}", 1024)
    payload = {"trigger": "schedule", "requested_by": "schedule", "reason": reason}
    return start(payload, event["id"])
