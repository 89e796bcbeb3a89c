"""What becomes of an asynchronous event when Lambda is done with it: destinations and the DLQ.

https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html

moto keeps the first PutFunctionEventInvokeConfig whatever is put later, takes an update for a put,
and forgets a function's DeadLetterConfig.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from moto.awslambda.exceptions import UnknownEventConfig
from moto.awslambda.models import EventInvokeConfig, LambdaBackend, LambdaFunction

from local_aws.arns import account_and_region, service_of
from local_aws.awslambda.asynchronous import MAX_AGE_SECONDS, Condition, QueuedEvent
from local_aws.awslambda.roles import check_destination, check_may_send
from local_aws.events import bus
from local_aws.messaging.deliveries import (
    UnsupportedTargetError,
    find_function,
    invoke,
    publish,
    send_at_once,
    send_to_queue,
)
from local_aws.requests import eventual
from local_aws.requests.past import Past
from local_aws.state.dead_letters import DeadLetters
from local_aws.wrapping import Original, replace, wrap

DEFAULT_RETRIES = 2

_ERROR_MESSAGE_LIMIT = 1024

_configs: Past[str, dict[str, Any]] = Past()  # by the function's qualified ARN


def install() -> None:
    """Keep the settings of asynchronous invocations as AWS does."""
    wrap(LambdaFunction, "__init__", _create)
    wrap(LambdaFunction, "update_configuration", _update)
    wrap(LambdaFunction, "get_configuration", _describe)
    replace(
        LambdaBackend,
        put_function_event_invoke_config=_put_config,
        update_function_event_invoke_config=_update_config,
    )


def max_retries(function: LambdaFunction) -> int:
    """Return how often a failed event is tried again."""
    return int(_config(function).get("MaximumRetryAttempts", DEFAULT_RETRIES))


def max_age(function: LambdaFunction) -> float:
    """Return the seconds after which an event is not tried any more."""
    return float(_config(function).get("MaximumEventAgeInSeconds", MAX_AGE_SECONDS))


def keeps_failures(function: LambdaFunction) -> bool:
    """Tell whether events that fail go anywhere."""
    return bool(_destination(function, "OnFailure") or _dead_letter_target(function))


def record(dead_letters: DeadLetters, ended: QueuedEvent) -> None:
    """Send the invocation record to the destination for this end, and a failed event to the DLQ.

    What cannot be sent is a dead letter; AWS counts it as DestinationDeliveryFailures and
    DeadLetterErrors.
    """
    function = find_function(ended.function_arn)
    succeeded = ended.condition is Condition.SUCCESS
    event = f"event {ended.event.request_id}"
    destination = _destination(function, "OnSuccess" if succeeded else "OnFailure")
    if destination:
        what = f"the record of {event} for {destination}"
        told = invocation_record(function, ended)
        _send(dead_letters, what, partial(_send_record, function, destination, told))
    target = _dead_letter_target(function)
    if target and not succeeded:
        what = f"{event} for the dead-letter target {target}"
        _send(dead_letters, what, partial(_send_event, function, target, ended))


def invocation_record(function: LambdaFunction, ended: QueuedEvent) -> dict[str, Any]:
    """Return the record; one of an event that never ran has no response."""
    request = {
        "requestId": ended.event.request_id,
        "functionArn": _qualified_arn(function),
        "condition": str(ended.condition),
        "approximateInvokeCount": ended.attempts,
    }
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": _now(),
        "requestContext": request,
        "requestPayload": _decoded(ended.event.payload),
    }
    outcome = ended.last_outcome
    if outcome is not None:
        response = {"statusCode": 200, "executedVersion": str(function.version)}
        if outcome.failed:
            response["functionError"] = "Unhandled"
        record["responseContext"] = response
        record["responsePayload"] = _decoded(outcome.payload)
    return record


def _send(dead_letters: DeadLetters, what: str, send: Callable[[], None]) -> None:
    try:
        send_at_once(send)
    except Exception as error:
        dead_letters.add(what, error)


def _send_record(function: LambdaFunction, destination: str, record: dict[str, Any]) -> None:
    check_may_send(function, destination)
    body = json.dumps(record)
    match service_of(destination):
        case "sqs":
            send_to_queue(destination, body)
        case "sns":
            publish(destination, body)
        case "lambda":
            invoke(destination, body)
        case "events":
            _emit(destination, record)
        case service:
            raise UnsupportedTargetError(f"{destination}: destinations in {service} are not here")


def _emit(destination: str, record: dict[str, Any]) -> None:
    request = record["requestContext"]
    result = "Success" if request["condition"] == Condition.SUCCESS else "Failure"
    account, region = account_and_region(destination)
    bus.emit(
        "lambda",
        f"Lambda Function Invocation Result - {result}",
        record,
        resources=[destination, request["functionArn"]],
        account=account,
        region=region,
        bus=destination.rpartition("/")[2],
    )


def _send_event(function: LambdaFunction, target: str, ended: QueuedEvent) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-dlq"""
    check_may_send(function, target)
    ran = ended.last_outcome is not None
    attributes = {
        "RequestID": ("String", ended.event.request_id),
        "ErrorCode": ("Number", "200" if ran else "429"),
        "ErrorMessage": ("String", _error_message(ended)[:_ERROR_MESSAGE_LIMIT]),
    }
    body = ended.event.payload.decode(errors="replace")
    if service_of(target) == "sns":
        publish(target, body, attributes=attributes)
    else:
        send_to_queue(target, body, attributes=attributes)


def _error_message(ended: QueuedEvent) -> str:
    response = _decoded(ended.last_outcome.payload) if ended.last_outcome else None
    message = response.get("errorMessage") if isinstance(response, dict) else None
    return str(message or ended.condition)


def _destination(function: LambdaFunction, when: str) -> str:
    destinations = _config(function).get("DestinationConfig", {})
    return str(destinations.get(when, {}).get("Destination") or "")


def _dead_letter_target(function: Any) -> str:
    return str(function.dead_letter_config.get("TargetArn") or "")


def _config(function: LambdaFunction) -> dict[str, Any]:
    """Return the configuration that events meet by now: `eventual.py` says when it is late."""
    return _configs.in_effect(_qualified_arn(function), _put_last(function)) or {}


def _put_last(function: LambdaFunction) -> dict[str, Any]:
    return function.event_invoke_config[0].config if function.event_invoke_config else {}


def _qualified_arn(function: LambdaFunction) -> str:
    version = f":{function.version}"
    return function.function_arn.removesuffix(version) + version


def _decoded(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode(errors="replace")


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _create(
    original: Original,
    self: Any,
    account_id: str,
    spec: dict[str, Any],
    *args: Any,
    **options: Any,
) -> None:
    self.dead_letter_config = spec.get("DeadLetterConfig") or {}
    original(self, account_id, spec, *args, **options)


def _update(original: Original, self: Any, config_updates: dict[str, Any]) -> dict[str, Any]:
    if "DeadLetterConfig" in config_updates:
        self.dead_letter_config = config_updates["DeadLetterConfig"] or {}
    return original(self, config_updates)


def _describe(original: Original, self: Any, *args: Any, **options: Any) -> dict[str, Any]:
    target = _dead_letter_target(self)
    described: dict[str, Any] = original(self, *args, **options)
    return {**described, "DeadLetterConfig": {"TargetArn": target}} if target else described


def _put_config(self: LambdaBackend, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
    """A put replaces the whole of the configuration, and an update what it names."""
    function = self.get_function(function_name)
    destinations = {"OnSuccess": {}, "OnFailure": {}, **config.get("DestinationConfig", {})}
    for each in destinations.values():
        if each.get("Destination"):
            check_destination(function, each["Destination"])
    kept = EventInvokeConfig(
        _qualified_arn(function), _now(), {**config, "DestinationConfig": destinations}
    )
    late = eventual.seconds("propagation")
    _configs.note(_qualified_arn(function), _put_last(function), kept.config, late=late)
    function.event_invoke_config = [kept]
    return kept.response()


def _update_config(
    self: LambdaBackend, function_name: str, config: dict[str, Any]
) -> dict[str, Any]:
    function = self.get_function(function_name)
    if not function.event_invoke_config:
        raise UnknownEventConfig(_qualified_arn(function))
    return _put_config(self, function_name, {**_put_last(function), **config})
