"""The targets of a rule, and what becomes of an event that one of them does not take.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
"""

import copy
import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from moto.events.exceptions import ValidationException
from moto.events.models import EventPattern, Rule, events_backends
from moto.logs.models import logs_backends
from moto.stepfunctions.responses import get_backend

from local_aws.arns import account_and_region, service_of
from local_aws.events.inputs import input_of, unknown_names
from local_aws.events.roles import check_may_send
from local_aws.iam.authorization import AccessDeniedError
from local_aws.messaging.deliveries import (
    NotPermittedError,
    UnsupportedTargetError,
    invoke,
    publish,
    send_to_queue,
)
from local_aws.state.dead_letters import DeadLetters
from local_aws.wrapping import Original

_INPUTS = ("Input", "InputPath", "InputTransformer")
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html
_SERVICES = {
    *("appsync", "batch", "codebuild", "codepipeline", "ec2", "ecs", "events", "execute-api"),
    *("firehose", "imagebuilder", "inspector", "kinesis", "lambda", "logs", "redshift"),
    *("redshift-serverless", "sagemaker", "sns", "sqs", "ssm", "ssm-incidents", "states"),
}
_NEED_ROLE = {"batch", "codebuild", "codepipeline", "ecs", "kinesis", "states"}

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Delivery:
    """An event on its way to a target, with the rule that it matched.

    `received` is when the event came in, in ISO 8601; deliveries of older servers lack that.
    """

    rule: Rule
    target: dict[str, Any]
    event: dict[str, Any]
    received: str | None = None

    def __str__(self) -> str:
        return f"event {self.event['id']} of {self.rule.arn} for {self.target['Arn']}"


def check(target: dict[str, Any]) -> None:
    """Raise ValidationException for a target that PutTargets refuses."""
    name, arn = target["Id"], target["Arn"]
    _check_service(arn, target.get("RoleArn"))
    if sum(field in target for field in _INPUTS) > 1:
        raise ValidationException(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}."
        )
    try:
        json.loads(target.get("Input", "{}"))
    except ValueError as error:
        raise ValidationException(f"JSON syntax error in input for target {name}: {error}") from (
            error
        )
    for unknown in unknown_names(target.get("InputTransformer") or {"InputTemplate": ""}):
        raise ValidationException(
            f"InputTemplate for target {name} contains invalid placeholder {unknown}."
        )


def _check_service(arn: str, role: str | None) -> None:
    try:
        service = service_of(arn)
    except ValueError as error:
        raise ValidationException(
            f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
        ) from error
    if service not in _SERVICES:
        raise ValidationException(f"{service} is not a supported service for a target.")
    if service in _NEED_ROLE and not role:
        raise ValidationException(f"RoleArn is required for target {arn}.")


def deliver(moto_send: Original, delivery: Delivery) -> None:
    """Send the event to the target.

    `moto_send` is moto's own Rule.send_to_targets, for the targets that are left to it.
    """
    target, event = delivery.target, delivery.event
    check_may_send(target)
    arn = target["Arn"]
    service = service_of(arn)
    if service == "events" and ":event-bus/" not in arn:
        _leave_to_moto(moto_send, delivery.rule, target, event)
    elif service == "events":
        _forward(arn, event)
    else:
        text = input_of(target, event, delivery.rule.arn, delivery.received)
        _send_text(delivery.rule, target, text, event["id"])


def give_up(dead_letters: DeadLetters, delivery: Delivery, error: Exception) -> None:
    """Send the event to the target's dead-letter queue; without one, to those of the server."""
    queue = delivery.target.get("DeadLetterConfig", {}).get("Arn")
    if not queue:
        dead_letters.add(delivery, error)
        return
    _log.error("%s was not delivered", delivery, exc_info=error)
    why = _why(delivery.rule, delivery.target, error)
    try:
        send_to_queue(queue, json.dumps(delivery.event), attributes=why)
    except Exception as failure:  # AWS counts it as InvocationsFailedToBeSentToDLQ
        dead_letters.add(f"{delivery}, and not to {queue} either", failure)


def _send_text(rule: Rule, target: dict[str, Any], text: str, event_id: str) -> None:
    arn = target["Arn"]
    match service_of(arn):
        case "lambda":
            invoke(arn, text, service="events", source=rule.arn)
        case "sqs":
            group = target.get("SqsParameters", {}).get("MessageGroupId", "")
            send_to_queue(arn, text, group=group)
        case "sns":
            publish(arn, text)
        case "logs":
            _write_line(arn, text)
        case "states":
            # EventBridge names the execution after the event.
            backend: Any = get_backend(*account_and_region(arn))
            backend.start_execution(arn, f"{event_id}_{uuid4()}"[:80], text)
        case service:
            raise UnsupportedTargetError(f"{arn}: targets in {service} are not supported here")


def _write_line(group_arn: str, text: str) -> None:
    """Write the text into the log group, as a stream of its own."""
    account, region = account_and_region(group_arn)
    backend: Any = logs_backends[account][region]
    group = group_arn.partition(":log-group:")[2].removesuffix(":*")
    stream = str(uuid4())
    backend.create_log_stream(group, stream)
    backend.put_log_events(group, stream, [_log_event(text)])


def _log_event(text: str) -> dict[str, Any]:
    """A template for a log group makes `timestamp` and `message`; other texts are the message.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-targets.html#targets-specifics-cwl
    """
    now = int(datetime.now(UTC).timestamp() * 1000)
    try:
        given = json.loads(text)
    except ValueError:  # several lines with a text each
        given = text
    if not isinstance(given, dict) or set(given) != {"timestamp", "message"}:
        return {"timestamp": now, "message": text}
    when, message = given["timestamp"], given["message"]
    return {
        "timestamp": when if isinstance(when, int) else now,
        "message": message if isinstance(message, str) else json.dumps(message),
    }


def _forward(bus_arn: str, event: dict[str, Any]) -> None:
    account, region = account_and_region(bus_arn)
    bus = events_backends[account][region].describe_event_bus(bus_arn.rpartition("/")[2])
    for rule in list(bus.rules.values()):
        rule.send_to_targets(event)  # type: ignore[arg-type]


def _leave_to_moto(
    moto_send: Original, rule: Rule, target: dict[str, Any], event: dict[str, Any]
) -> None:
    """moto itself sends to archives and API destinations."""
    alone = copy.copy(rule)
    alone.targets, alone.event_pattern = [target], EventPattern.load(None)
    seconds = datetime.fromisoformat(event["time"]).timestamp()
    # moto counts in seconds, and without the zone.
    sent: Any = {**event, "time": seconds, "ingestion-time": seconds}
    moto_send(alone, sent)


def _why(rule: Rule, target: dict[str, Any], error: Exception) -> dict[str, tuple[str, str]]:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html"""
    forbidden = isinstance(error, AccessDeniedError | NotPermittedError)
    code = "NO_PERMISSIONS" if forbidden else "SDK_CLIENT_ERROR"
    return {
        "RULE_ARN": ("String", rule.arn),
        "TARGET_ARN": ("String", target["Arn"]),
        "ERROR_CODE": ("String", code),
        "ERROR_MESSAGE": ("String", str(error) or type(error).__name__),
    }
