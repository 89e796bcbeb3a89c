"""Event buses and tags, as the calls for them take and tell them.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EventBus.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html
"""

import json
from typing import Any

from moto.events.exceptions import ResourceNotFoundException, ValidationException
from moto.events.models import EventBus, EventsBackend
from moto.events.responses import EventsHandler

from local_aws.arns import parse
from local_aws.wrapping import Original, replace, wrap

_WHOLE = ("Sid", "Effect", "Principal", "Action", "Resource")

_Answer = tuple[str, dict[str, Any]]


def install() -> None:
    """Correct moto's calls; each function says what AWS does."""
    wrap(EventsHandler, "create_event_bus", _answer_create)
    wrap(EventsHandler, "list_event_buses", _answer_list)
    wrap(EventBus, "add_permission", _add_permission)
    wrap(EventBus, "add_policy", _add_policy)
    replace(
        EventsBackend,
        list_tags_for_resource=_list_tags,
        tag_resource=_tag,
        untag_resource=_untag,
    )


def _answer_create(original: Original, self: EventsHandler) -> _Answer:
    """AWS repeats what the bus was made with."""
    body, headers = original(self)
    given = {
        name: self._get_param(name)
        for name in ("Description", "KmsKeyIdentifier", "DeadLetterConfig")
        if self._get_param(name)
    }
    return json.dumps({**json.loads(body), **given}), headers


def _answer_list(original: Original, self: EventsHandler) -> _Answer:
    """AWS tells of each bus when it was made and changed, and its description."""
    body, headers = original(self)
    listed = json.loads(body)
    for told in listed["EventBuses"]:
        bus = self.events_backend.event_buses[told["Name"]]
        told["CreationTime"] = bus.creation_time
        told["LastModifiedTime"] = bus.last_modified_time
        if bus.description:
            told["Description"] = bus.description
    return json.dumps(listed), headers


def _add_permission(original: Original, self: EventBus, *statement: Any) -> None:
    """AWS writes `*` for everybody into the policy, and an account's root for an account."""
    name, action, principal, condition = statement
    everybody = principal.get("AWS", "").endswith(":iam::*:root")
    original(self, name, action, "*" if everybody else principal, condition)


def _add_policy(original: Original, self: EventBus, policy: Any) -> None:
    """Take a single statement too, as IAM does; moto knows statements by their names."""
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not all(map(_is_whole, statements)):
        raise ValidationException(
            "The embedded AWS takes the policy of an event bus if each Statement has "
            f"{', '.join(_WHOLE)}."
        )
    original(self, {**policy, "Statement": statements})


def _is_whole(statement: Any) -> bool:
    return isinstance(statement, dict) and set(_WHOLE) <= statement.keys()


def _list_tags(self: EventsBackend, arn: str) -> dict[str, list[dict[str, str]]]:
    """Of two rules with one name on two buses each has tags of its own."""
    _check_there(self, arn)
    return self.tagger.list_tags_for_resource(arn)


def _tag(self: EventsBackend, arn: str, tags: dict[str, str]) -> None:
    _check_there(self, arn)
    self.tagger.tag_resource(arn, self.tagger.convert_dict_to_tags_input(tags))


def _untag(self: EventsBackend, arn: str, tag_keys: list[str]) -> None:
    _check_there(self, arn)
    self.tagger.untag_resource_using_names(arn, tag_keys)


def _check_there(backend: EventsBackend, arn: str) -> None:
    """Raise ResourceNotFoundException for a rule or a bus that is not there."""
    try:
        kind, _, name = parse(arn).resource.partition("/")
    except ValueError as error:
        raise ResourceNotFoundException(f"{arn} does not exist.") from error
    if kind == "rule":
        bus, _, rule = name.rpartition("/")
        backend.describe_rule(rule, bus or None)
    else:
        backend.describe_event_bus(name)
