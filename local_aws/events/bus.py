"""EventBridge: who emits events, which rules they match, and rules that fire by the clock.

What this restores of AWS's behaviour, where moto 5.2 differs:

- Lambda functions, SNS topics and state machines are targets too, and a target gets its Input,
  InputPath or InputTransformer. moto sends to queues, log groups and buses.
- A rule that is disabled sends nothing, and one that has only a schedule matches no event.
- Schedules fire.
- Events leave from a thread of their own; what cannot be delivered is logged.
- Patterns are matched and checked as documented, and one that cannot be matched harms nobody.
- Rules, targets, entries and buses are held to what AWS documents: see `rules`, `entries`, `buses`.

A scheduled rule need not be waited for. At a route that no AWS has, beside moto's own, it fires at
once:

    curl -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \\
        --json '{"Name": "RULE"}' $AWS_ENDPOINT_URL/moto-api/events/fire-rule
"""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

from moto.events.models import Rule, events_backends

from local_aws.context import Context
from local_aws.events import buses, entries, patterns, rules
from local_aws.events import targets as eventbridge_targets
from local_aws.events.schedules import Scheduler
from local_aws.events.targets import Delivery
from local_aws.messaging.deliveries import Deliveries
from local_aws.requests.routes import Answer, add_route, as_json
from local_aws.wrapping import replace

ROUTE = "/moto-api/events/fire-rule"

_log = logging.getLogger(__name__)


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
        if rule.state != "DISABLED" and listens(rule, event):
            _send_to_targets(deliveries, rule, event)

    def fire_rule(request: Any) -> Answer:
        return _answer_fire(deliveries, context.region, request.get_data())

    replace(Rule, send_to_targets=send_to_targets)
    buses.install()
    rules.install()
    entries.install()
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
    listening = events_backends[account][region].describe_event_bus(bus).rules
    for rule in list(listening.values()):
        rule.send_to_targets(event)


def _as_sent(event: dict[str, Any]) -> dict[str, Any]:
    """moto keeps the time in seconds, and beside it when the event came in."""
    sent = {name: value for name, value in event.items() if name != "ingestion-time"}
    if not isinstance(sent["time"], str):
        sent["time"] = _iso(datetime.fromtimestamp(float(sent["time"]), UTC))
    return sent


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def listens(rule: Rule, event: dict[str, Any]) -> bool:
    """Tell whether the rule's pattern matches.

    A pattern that an older server took and that cannot be matched matches nothing: who put the
    event is not who put the rule, and gets an answer.
    """
    pattern = rule.event_pattern.get_pattern()
    try:
        return bool(pattern) and patterns.matches(pattern, event)
    except Exception:
        _log.exception("%s: the pattern cannot be matched against %s", rule.arn, event["id"])
        return False


def _send_to_targets(deliveries: Deliveries[Delivery], rule: Rule, event: dict[str, Any]) -> None:
    received = _iso(datetime.now(UTC))
    for target in list(rule.targets):
        deliveries.send(Delivery(rule, dict(target), event, received))


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
