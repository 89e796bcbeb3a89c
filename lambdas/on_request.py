"""Retraining that an alarm asks for, or whoever publishes to the topic.

A message is put into words as a payload of ``start_retraining``, which checks it and starts the
execution: there is one way in.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from lambdas.boundary import events, strict_json
from lambdas.boundary.text import one_line
from lambdas.errors import InvalidInputError

log = logging.getLogger(__name__)

Payload = dict[str, Any]
Start = Callable[[Payload, str], dict[str, Any]]


def on_request(event: Mapping[str, Any], *, start: Start) -> list[dict[str, Any]]:
    """Retrain for each message of an SNS topic, and return what became of each.

    A message is a JSON object, the payload of start_retraining, or what a CloudWatch alarm sends:
    then the newest complete data set is taken and the alarm is the reason. An alarm that is over
    asks for nothing. ``start`` takes a payload of start_retraining and a request id: the message's.

    Raises InvalidInputError and what start_retraining raises.
    """
    events.check(event, "SNS")
    return [_on_message(record["Sns"], start) for record in event["Records"]]


def _on_message(sns: Mapping[str, Any], start: Start) -> dict[str, Any]:
    message = _json_object(sns["Message"])
    if not {"AlarmName", "NewStateValue"} <= message.keys():
        return start({**message, "trigger": "topic"}, sns["MessageId"])
    name, state = one_line(str(message["AlarmName"]), 200), one_line(str(message["NewStateValue"]))
    if state != "ALARM":
        log.info("alarm %s is %s: nothing to do", name, state)
        return {"started": False, "message": f"alarm {name} is {state}: nothing to do"}
    why = f"alarm {name}: {message.get('NewStateReason') or 'no reason given'}"
    payload = {
        "trigger": "alarm",
        "requested_by": f"CloudWatch alarm {name}",
        "reason": one_line(why, 1024),
    }
    return start(payload, sns["MessageId"])


def _json_object(text: str) -> Payload:
    try:
        found = strict_json.parse(text.encode("utf-8", "replace"))
    except ValueError as error:
        found, why = None, f" ({error})"
    else:
        why = ""
    if not isinstance(found, dict):
        raise InvalidInputError(
            f"message: found {one_line(text, 80)!r}{why}, expected a JSON object as "
            "start_retraining takes it, or the message of a CloudWatch alarm"
        )
    return found
