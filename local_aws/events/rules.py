"""Rules and their targets, as PutRule, PutTargets and the calls beside them take and tell them.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html
"""

import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.events.exceptions import ResourceNotFoundException, ValidationException
from moto.events.models import EventPatternParser, EventsBackend, Rule
from moto.events.responses import EventsHandler
from moto.events.utils import PAGINATION_MODEL

from local_aws.events import patterns, schedules, targets
from local_aws.events.roles import check_role
from local_aws.events.schedules import InvalidScheduleError
from local_aws.wrapping import Original, replace, wrap

# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html
_MOST_TARGETS = 5


def install() -> None:
    """Correct moto's calls; each function says what AWS does."""
    replace(EventPatternParser, parse=_parse_pattern)
    replace(EventsHandler, test_event_pattern=_answer_test_event_pattern)
    wrap(EventsBackend, "put_rule", _put_rule)
    wrap(EventsBackend, "put_targets", _put_targets)
    wrap(EventsBackend, "describe_rule", _describe_rule)
    for name in ("enable_rule", "disable_rule", "list_targets_by_rule"):
        wrap(EventsBackend, name, _of_a_rule)
    # Targets of a rule may have one ARN in common; moto's pages began at the first of them.
    PAGINATION_MODEL["list_targets_by_rule"]["unique_attribute"] = "Id"


def _parse_pattern(self: EventPatternParser) -> dict[str, Any]:
    """Patterns of rules and archives."""
    return patterns.read(self.pattern) if self.pattern else {}


def _put_rule(original: Original, self: EventsBackend, name: str, **request: Any) -> Rule:
    """AWS ignores the tags of a request that updates a rule."""
    if expression := request.get("scheduled_expression"):
        try:
            schedules.parse(expression)
        except InvalidScheduleError as error:
            raise ValidationException("Parameter ScheduleExpression is not valid.") from error
    bus = self.event_buses.get(self._normalize_event_bus_arn(request.get("event_bus_arn")))
    if bus and name in bus.rules:
        request["tags"] = None
    rule: Rule = original(self, name, **request)
    return rule


def _put_targets(
    original: Original,
    self: EventsBackend,
    name: str,
    event_bus_arn: str | None,
    added: list[dict[str, Any]],
) -> None:
    rule = _find(self, name, event_bus_arn)
    for target in added:
        targets.check(target)
        check_role(target, rule.arn)
    if len({target["Id"] for target in [*rule.targets, *added]}) > _MOST_TARGETS:
        raise JsonRESTError(
            "LimitExceededException", "The requested resource exceeds the maximum number allowed."
        )
    original(self, name, event_bus_arn, added)


def _describe_rule(
    original: Original, self: EventsBackend, name: str, event_bus_arn: str | None
) -> Rule:
    """AWS names the bus on which there is no such rule."""
    bus = self.describe_event_bus(self._normalize_event_bus_arn(event_bus_arn))
    if name not in bus.rules:
        raise ResourceNotFoundException(f"Rule {name} does not exist on EventBus {bus.name}.")
    rule: Rule = original(self, name, event_bus_arn)
    return rule


def _of_a_rule(
    original: Original, self: EventsBackend, name: str, event_bus_arn: str | None, **page: Any
) -> Any:
    _find(self, name, event_bus_arn)
    return original(self, name, event_bus_arn, **page)


def _find(backend: EventsBackend, name: str, event_bus_arn: str | None) -> Rule:
    return backend.describe_rule(name, event_bus_arn)


def _answer_test_event_pattern(self: EventsHandler) -> str:
    pattern = patterns.read(self._get_param("EventPattern"))
    try:
        event = patterns.decode(self._get_param("Event"))
        if not isinstance(event, dict):
            raise TypeError("an event is a JSON object")
        return json.dumps({"Result": patterns.matches(pattern, event)})
    except (ValueError, TypeError, RecursionError) as error:
        raise ValidationException(f"Parameter Event is not valid. Reason: {error}") from error
