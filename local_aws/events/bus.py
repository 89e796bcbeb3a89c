"""EventBridge: who emits events, which rules they match, and rules that fire by the clock.

What this restores of AWS's behaviour, where moto 5.2 differs:

- Lambda functions, SNS topics and state machines are targets too, and a target gets its Input,
  InputPath or InputTransformer. moto sends to queues, log groups and buses.
- A rule that is disabled sends nothing, and one that has only a schedule matches no event.
- Schedules fire.
- Events leave from a thread of their own; what cannot be delivered is logged.
- Patterns are matched and checked as documented; TestEventPattern answers.
- Only AWS may emit events whose source begins with `aws.`.

A scheduled rule need not be waited for. At a route that no AWS has, beside moto's own, it fires at
once:

    curl -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\
        --json '{"Name": "RULE"}' $AWS_ENDPOINT_URL/moto-api/events/fire-rule
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

from moto.events.exceptions import ValidationException
from moto.events.models import EventPattern, EventsBackend, Rule, events_backends
from moto.events.responses import EventsHandler

from local_aws.context import Context
from local_aws.events import patterns, schedules
from local_aws.events import targets as eventbridge_targets
from local_aws.events.roles import check_role
from local_aws.events.schedules import InvalidScheduleError, Scheduler
from local_aws.events.targets import Delivery
from local_aws.messaging.deliveries import Deliveries
from local_aws.requests.routes import Answer, add_route, as_json
from local_aws.wrapping import Original, replace, wrap

ROUTE = "/moto-api/events/fire-rule"
_MAX_ENTRIES = 10


def install(context: Context) -> None:
    """Replace how moto's rules send, and start to watch the clock."""
    deliver = partial(eventbridge_targets.deliver, Rule.send_to_targets)
    give_up = partial(eventbridge_targets.give_up, context.dead_letters)
    deliveries = Deliveries("eventbridge", deliver, context.state, give_up=give_up)
    scheduler = Scheduler(_scheduled_rules, partial(_fire, deliveries), context.state)
    context.register_shutdown(deliveries.close)
    context.register_shutdown(scheduler.close)

    def send_to_targets(rule: Rule, original_event: Any, transform_input: bool = True) -> None:  # noqa: ARG001
        event = _as_sent(original_event)
        if rule.state != "DISABLED" and _listens(rule, event):
            _send_to_targets(deliveries, rule, event)

    def fire_rule(request: Any) -> Answer:
        return _answer_fire(deliveries, context.region, request.get_data())

    replace(Rule, send_to_targets=send_to_targets)
    replace(EventsHandler, test_event_pattern=_answer_test_event_pattern)
    wrap(EventsBackend, "put_rule", _put_rule)
    wrap(EventsBackend, "put_targets", _put_targets)
    wrap(EventsBackend, "put_events", _put_events)
    add_route(ROUTE, fire_rule)
    context.state.after_restore(scheduler.start)


def emit(
    source: str,
    detail_type: str,
    detail: dict[str, Any],
    *,
    resources: list[str],
    account: str,
    region: str,
    time: datetime | None = None,
    bus: str = "default",
) -> None:
    """Put an AWS service's event on the bus. `time` is now if it is not given."""
    event: Any = {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": _iso(time or datetime.now(UTC)),
        "region": region,
        "resources": resources,
        "detail": detail,
    }
    rules = events_backends[account][region].describe_event_bus(bus).rules
    for rule in list(rules.values()):
        rule.send_to_targets(event)


def _as_sent(event: dict[str, Any]) -> dict[str, Any]:
    """moto keeps the time in seconds, and beside it when the event came in."""
    sent = {name: value for name, value in event.items() if name != "ingestion-time"}
    if not isinstance(sent["time"], str):
        sent["time"] = _iso(datetime.fromtimestamp(float(sent["time"]), UTC))
    return sent


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _listens(rule: Rule, event: dict[str, Any]) -> bool:
    pattern = rule.event_pattern.get_pattern()
    return bool(pattern) and patterns.matches(pattern, event)


def _send_to_targets(deliveries: Deliveries[Delivery], rule: Rule, event: dict[str, Any]) -> None:
    for target in list(rule.targets):
        deliveries.send(Delivery(rule, dict(target), event))


def _scheduled_rules() -> Iterator[Rule]:
    for regions in list(events_backends.values()):
        for backend in list(regions.values()):
            for rule in list(backend.event_buses["default"].rules.values()):
                if rule.scheduled_expression and rule.state != "DISABLED":
                    yield rule


def _fire(deliveries: Deliveries[Delivery], rule: Rule, due: datetime) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html"""
    event = {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": rule.account_id,
        "time": _iso(due),
        "region": rule.region_name,
        "resources": [rule.arn],
        "detail": {},
    }
    _send_to_targets(deliveries, rule, event)


def _answer_fire(deliveries: Deliveries[Delivery], region: str, body: bytes) -> Answer:
    """Fire the rule as if its time had come."""
    try:
        name = json.loads(body)["Name"]
    except (ValueError, KeyError, TypeError):
        return as_json({"message": 'expected JSON such as {"Name": "RULE"}'}, 400)
    for rule in _scheduled_rules():
        if (rule.name, rule.region_name) == (name, region):
            _fire(deliveries, rule, datetime.now(UTC))
            return as_json({"RuleArn": rule.arn})
    return as_json({"message": f"There is no enabled rule {name} with a schedule."}, 404)


def _put_rule(original: Original, self: EventsBackend, name: str, **request: Any) -> Rule:
    pattern, expression = request.get("event_pattern"), request.get("scheduled_expression")
    if pattern:
        patterns.check(EventPattern.load(pattern).get_pattern())
    if expression:
        try:
            schedules.parse(expression)
        except InvalidScheduleError as error:
            raise ValidationException("Parameter ScheduleExpression is not valid.") from error
    return original(self, name, **request)


def _put_targets(
    original: Original,
    self: EventsBackend,
    name: str,
    event_bus_arn: str | None,
    targets: list[dict[str, Any]],
) -> None:
    for target in targets:
        eventbridge_targets.check(target)
        check_role(target, self.describe_rule(name, event_bus_arn).arn)
    original(self, name, event_bus_arn, targets)


def _put_events(
    original: Original, self: EventsBackend, events: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    if len(events) > _MAX_ENTRIES:
        return original(self, events)  # which refuses them
    return [_put_event(original, self, event) for event in events]


def _put_event(original: Original, backend: EventsBackend, event: dict[str, Any]) -> dict[str, Any]:
    if str(event.get("Source", "")).startswith("aws."):
        return {
            "ErrorCode": "NotAuthorizedForSourceException",
            "ErrorMessage": "Not authorized for the source.",
        }
    [result] = original(backend, [event])
    return result


def _answer_test_event_pattern(self: EventsHandler) -> str:
    try:
        pattern = json.loads(self._get_param("EventPattern"))
        event = json.loads(self._get_param("Event"))
    except ValueError as error:
        raise ValidationException(f"Invalid JSON: {error}") from error
    patterns.check(pattern)
    return json.dumps({"Result": patterns.matches(pattern, event)})
