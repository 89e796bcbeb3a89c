"""Event buses, their policies, and the tags of rules and buses."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws


@pytest.fixture
def events(embedded_aws: EmbeddedAws) -> Any:
    """EventBridge, as a client of the embedded AWS."""
    return embedded_aws.client("events")


@pytest.fixture
def bus(events: Any) -> Iterator[str]:
    """The name of a bus that is deleted after the test."""
    name = f"bus-{uuid4().hex[:8]}"
    created = events.create_event_bus(Name=name, Description="For a test")
    assert created["Description"] == "For a test"
    yield name
    events.delete_event_bus(Name=name)


def test_a_list_tells_of_a_bus_what_its_description_tells(events: Any, bus: str) -> None:
    [listed] = events.list_event_buses(NamePrefix=bus)["EventBuses"]

    described = events.describe_event_bus(Name=bus)
    assert listed.items() <= described.items()
    assert {"CreationTime", "LastModifiedTime", "Description"} <= listed.keys()


def test_everybody_is_a_star_in_a_policy(events: Any, bus: str) -> None:
    for principal, statement in (("*", "all"), ("210987654321", "one")):
        events.put_permission(
            EventBusName=bus, Action="events:PutEvents", Principal=principal, StatementId=statement
        )

    policy = json.loads(events.describe_event_bus(Name=bus)["Policy"])
    assert [statement["Principal"] for statement in policy["Statement"]] == [
        "*",
        {"AWS": "arn:aws:iam::210987654321:root"},
    ]


def test_a_policy_may_be_one_statement(events: Any, bus: str) -> None:
    arn = events.describe_event_bus(Name=bus)["Arn"]
    statement = {
        "Sid": "all",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "events:PutEvents",
        "Resource": arn,
    }
    events.put_permission(EventBusName=bus, Policy=json.dumps({"Statement": statement}))

    for half in ({"Statement": [{**statement, "Sid": "b"}, {"Sid": "c"}]}, {}, []):
        with pytest.raises(ClientError) as refused:
            events.put_permission(EventBusName=bus, Policy=json.dumps(half))
        assert refused.value.response["Error"]["Code"] == "ValidationException"

    policy = json.loads(events.describe_event_bus(Name=bus)["Policy"])
    assert policy["Statement"] == [statement]


def test_rules_of_one_name_have_tags_of_their_own(events: Any, bus: str) -> None:
    pattern = {"Name": bus, "EventPattern": '{"source": ["s"]}'}
    here = events.put_rule(**pattern)["RuleArn"]
    there = events.put_rule(**pattern, EventBusName=bus)["RuleArn"]

    events.tag_resource(ResourceARN=there, Tags=[{"Key": "a", "Value": "1"}])

    assert events.list_tags_for_resource(ResourceARN=here)["Tags"] == []
    assert events.list_tags_for_resource(ResourceARN=there)["Tags"] == [{"Key": "a", "Value": "1"}]
    events.untag_resource(ResourceARN=there, TagKeys=["a"])
    assert events.list_tags_for_resource(ResourceARN=there)["Tags"] == []
    events.delete_rule(Name=bus)
    events.delete_rule(Name=bus, EventBusName=bus)


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        ("rule/gone", "Rule gone does not exist on EventBus default."),
        ("rule/gone/rule", "Event bus gone does not exist."),
        ("event-bus/gone", "Event bus gone does not exist."),
    ],
)
def test_what_is_not_there_has_no_tags(events: Any, resource: str, reason: str) -> None:
    with pytest.raises(events.exceptions.ResourceNotFoundException) as refused:
        events.list_tags_for_resource(
            ResourceARN=f"arn:aws:events:us-east-1:123456789012:{resource}"
        )

    assert refused.value.response["Error"]["Message"] == reason
