"""Rules, their targets and their schedules."""

import json
import time
from typing import Any
from urllib.error import HTTPError
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.conftest import Deploy
from tests.functional.events import (
    FORWARDS,
    Queue,
    Rules,
    create_machine,
    fire,
    forwards_to,
    function_arn,
    permit,
    topic_into,
)
from tests.support.roles import ROLE
from tests.support.waiting import eventually


@pytest.fixture
def source() -> str:
    """A source of events that no other test has."""
    return f"test.{uuid4().hex[:8]}"


def put(aws: EmbeddedAws, source: str, detail: Any = None, **more: Any) -> str:
    """Put an event; return its id."""
    entry = {"Source": source, "DetailType": "Test", "Detail": json.dumps(detail or {}), **more}
    [result] = aws.client("events").put_events(Entries=[entry])["Entries"]
    return str(result["EventId"])


def rule_arn(name: str) -> str:
    return f"arn:aws:events:us-east-1:123456789012:rule/{name}"


def test_a_queue_gets_the_event(
    embedded_aws: EmbeddedAws, rules: Rules, queue: Queue, source: str
) -> None:
    rules.put({"Arn": queue.arn}, pattern={"source": [source], "detail": {"n": [{"exists": True}]}})

    put(embedded_aws, source, {"other": 1})
    event_id = put(embedded_aws, source, {"n": 1}, Resources=["arn:x"], Time=1_700_000_000)

    assert queue.bodies() == [
        {
            "version": "0",
            "id": event_id,
            "detail-type": "Test",
            "source": source,
            "account": "123456789012",
            "time": "2023-11-14T22:13:20Z",
            "region": "us-east-1",
            "resources": ["arn:x"],
            "detail": {"n": 1},
        }
    ]


def test_a_function_gets_the_event_and_is_tried_again(
    embedded_aws: EmbeddedAws, rules: Rules, queue: Queue, source: str, deploy: Deploy
) -> None:
    name = deploy(FORWARDS + "    raise RuntimeError('once more')\n", **forwards_to(queue))
    rule = rules.put({"Arn": function_arn(name)}, pattern={"source": [source]})
    permit(embedded_aws, name, "events", rule_arn(rule))

    event_id = put(embedded_aws, source, {"n": 1})

    assert [event["id"] for event in queue.bodies(3)] == [event_id] * 3


def test_a_function_that_does_not_let_the_rule_in_is_not_invoked(
    embedded_aws: EmbeddedAws, rules: Rules, queue: Queue, source: str, deploy: Deploy
) -> None:
    name = deploy(FORWARDS, **forwards_to(queue))
    target = {"Arn": function_arn(name), "DeadLetterConfig": {"Arn": queue.arn}}
    rule = rules.put(target, pattern={"source": [source]})

    event_id = put(embedded_aws, source)

    [message] = queue.messages()
    assert json.loads(message["Body"])["id"] == event_id
    attributes = {
        name: value["StringValue"] for name, value in message["MessageAttributes"].items()
    }
    assert attributes["RULE_ARN"] == rule_arn(rule)
    assert attributes["TARGET_ARN"] == function_arn(name)
    assert attributes["ERROR_CODE"] == "NO_PERMISSIONS"
    log = embedded_aws.data_folder / "server.log"
    eventually(lambda: f"event {event_id} of {rule_arn(rule)} for" in log.read_text())


def test_a_topic_gets_what_the_template_makes_of_the_event(
    embedded_aws: EmbeddedAws, rules: Rules, queue: Queue, source: str
) -> None:
    transformer = {
        "InputPathsMap": {"run": "$.detail.run", "when": "$.time"},
        "InputTemplate": '{"text": "<run> ended at <when>", "run": <run>}',
    }
    topic = topic_into(embedded_aws, queue)
    rules.put({"Arn": topic, "InputTransformer": transformer}, pattern={"source": [source]})

    put(embedded_aws, source, {"run": "one"}, Time=1_700_000_000)

    assert queue.body() == {"text": "one ended at 2023-11-14T22:13:20Z", "run": "one"}


def test_a_machine_is_started_with_a_part_of_the_event(
    embedded_aws: EmbeddedAws, rules: Rules, source: str
) -> None:
    states = embedded_aws.client("stepfunctions")
    machine = create_machine(states, {"Type": "Pass", "End": True})
    target = {"Arn": machine, "RoleArn": ROLE, "InputPath": "$.detail"}
    rules.put(target, pattern={"source": [source]})

    event_id = put(embedded_aws, source, {"dataset": "digits"})

    def executions() -> Any:
        return states.list_executions(stateMachineArn=machine)["executions"]

    [execution] = eventually(executions)
    assert execution["name"].startswith(event_id)
    described = states.describe_execution(executionArn=execution["executionArn"])
    assert json.loads(described["input"]) == {"dataset": "digits"}


def test_each_target_has_its_own_input(
    embedded_aws: EmbeddedAws, rules: Rules, queue: Queue, source: str
) -> None:
    gone = {"Arn": "arn:aws:sqs:us-east-1:123456789012:gone-for-good"}
    constant = {"Arn": queue.arn, "Input": '{"constant": true}'}
    part = {"Arn": queue.arn, "InputPath": "$.detail.list[1]"}
    rules.put(gone, constant, part, pattern={"source": [source]})

    put(embedded_aws, source, {"list": [1, {"two": 2}]})

    assert queue.bodies(2) == [{"constant": True}, {"two": 2}]


def test_a_disabled_rule_sends_nothing(
    embedded_aws: EmbeddedAws, rules: Rules, queue: Queue, source: str
) -> None:
    rule = rules.put({"Arn": queue.arn}, pattern={"source": [source]})
    rules.events.disable_rule(Name=rule)
    put(embedded_aws, source, {"n": 1})
    rules.events.enable_rule(Name=rule)
    put(embedded_aws, source, {"n": 2})

    assert [event["detail"] for event in queue.bodies()] == [{"n": 2}]


def test_log_groups_and_other_buses_are_targets_too(
    embedded_aws: EmbeddedAws, rules: Rules, queue: Queue, source: str
) -> None:
    logs, events = embedded_aws.client("logs"), rules.events
    group = f"/aws/events/{uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=group)
    bus = events.create_event_bus(Name=f"bus-{uuid4().hex[:8]}")["EventBusArn"]
    events.put_rule(Name="all", EventBusName=bus, EventPattern=json.dumps({"source": [source]}))
    events.put_targets(Rule="all", EventBusName=bus, Targets=[{"Id": "1", "Arn": queue.arn}])
    group_arn = f"arn:aws:logs:us-east-1:123456789012:log-group:{group}"
    rules.put({"Arn": group_arn}, {"Arn": bus, "RoleArn": ROLE}, pattern={"source": [source]})

    event_id = put(embedded_aws, source)

    assert queue.body()["id"] == event_id
    [logged] = eventually(lambda: logs.filter_log_events(logGroupName=group)["events"])
    assert json.loads(logged["message"])["id"] == event_id


def test_a_log_group_gets_the_message_that_a_template_makes(
    embedded_aws: EmbeddedAws, rules: Rules, source: str
) -> None:
    logs, group = embedded_aws.client("logs"), f"/aws/events/{uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=group)
    transformer = {
        "InputPathsMap": {"text": "$.detail.text", "at": "$.detail.at"},
        "InputTemplate": '{"timestamp": <at>, "message": <text>}',
    }
    group_arn = f"arn:aws:logs:us-east-1:123456789012:log-group:{group}"
    rules.put({"Arn": group_arn, "InputTransformer": transformer}, pattern={"source": [source]})
    now = int(time.time() * 1000)

    put(embedded_aws, source, {"text": "said", "at": now})

    [logged] = eventually(lambda: logs.filter_log_events(logGroupName=group)["events"])
    assert (logged["message"], logged["timestamp"]) == ("said", now)


def test_what_a_template_makes_no_json_of_goes_to_the_dead_letters(
    embedded_aws: EmbeddedAws, rules: Rules, queue: Queue, source: str
) -> None:
    dead_letters = Queue(embedded_aws)
    target = {
        "Arn": queue.arn,
        "DeadLetterConfig": {"Arn": dead_letters.arn},
        "InputTransformer": {
            "InputPathsMap": {"text": "$.detail.text"},
            "InputTemplate": '{"text": "<text>"}',
        },
    }
    rules.put(target, pattern={"source": [source]})

    event_id = put(embedded_aws, source, {"text": 'say "yes"'})

    assert dead_letters.body()["id"] == event_id
    assert queue.receive() == 0


def test_a_pattern_can_be_tested(rules: Rules) -> None:
    event = {
        "id": "1",
        "account": "1",
        "source": "s",
        "time": "t",
        "region": "r",
        "resources": [],
        "detail-type": "d",
    }

    def holds(pattern: Any) -> bool:
        return bool(
            rules.events.test_event_pattern(
                EventPattern=json.dumps(pattern), Event=json.dumps(event)
            )["Result"]
        )

    assert holds({"source": [{"anything-but": {"prefix": "t"}}]})
    assert not holds({"source": ["t"]})
    with pytest.raises(rules.events.exceptions.InvalidEventPatternException):
        holds({"source": [{"like": "s"}]})


@pytest.mark.parametrize(
    "settings",
    [
        {"EventPattern": '{"source": [{"like": "s"}]}'},
        {"EventPattern": '{"source": "s"}'},
        {"ScheduleExpression": "rate(1 minutes)"},
        {"ScheduleExpression": "cron(0 3 * * *)"},
    ],
)
def test_a_rule_that_eventbridge_refuses(rules: Rules, settings: dict[str, str]) -> None:
    with pytest.raises(ClientError):
        rules.events.put_rule(Name="refused", **settings)


@pytest.mark.parametrize("event", ["{", "[]", "5"])
def test_an_event_that_cannot_be_tested(rules: Rules, event: str) -> None:
    with pytest.raises(ClientError) as refused:
        rules.events.test_event_pattern(EventPattern='{"source": ["s"]}', Event=event)

    assert refused.value.response["Error"]["Code"] == "ValidationException"


QUEUE = "arn:aws:sqs:us-east-1:123456789012:q"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:m"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ({"Arn": MACHINE}, f"RoleArn is required for target {MACHINE}."),
        ({"Arn": QUEUE, "Input": "{"}, "JSON syntax error in input for target 0"),
        ({"Arn": QUEUE, "Input": "{}", "InputPath": "$"}, "Only one of Input, InputPath, or"),
        (
            {"Arn": "arn:aws:iam::123456789012:role/r"},
            "iam is not a supported service for a target.",
        ),
        ({"Arn": "q"}, "Parameter q is not valid. Reason: Provided Arn is not in correct format."),
        (
            {"Arn": QUEUE, "InputTransformer": {"InputTemplate": '"<gone>"'}},
            "InputTemplate for target 0 contains invalid placeholder gone.",
        ),
    ],
)
def test_a_target_that_eventbridge_refuses(
    rules: Rules, target: dict[str, str], reason: str
) -> None:
    with pytest.raises(ClientError) as refused:
        rules.put(target, pattern={"source": ["s"]})

    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert refused.value.response["Error"]["Message"].startswith(reason)


def test_a_rule_has_five_targets(rules: Rules) -> None:
    rule = rules.put(*[{"Arn": QUEUE}] * 5, pattern={"source": ["s"]})
    rules.events.put_targets(Rule=rule, Targets=[{"Id": "4", "Arn": QUEUE, "Input": "{}"}])

    with pytest.raises(rules.events.exceptions.LimitExceededException):
        rules.events.put_targets(Rule=rule, Targets=[{"Id": "5", "Arn": QUEUE}])

    pages = rules.events.get_paginator("list_targets_by_rule").paginate(
        Rule=rule, PaginationConfig={"PageSize": 2}
    )
    assert [target["Id"] for page in pages for target in page["Targets"]] == list("01234")


@pytest.mark.parametrize(
    "call", ["describe_rule", "enable_rule", "disable_rule", "list_targets_by_rule", "put_targets"]
)
def test_a_rule_that_is_not_there(rules: Rules, call: str) -> None:
    named = (
        {"Name": "gone"} if call.endswith("_rule") and "targets" not in call else {"Rule": "gone"}
    )
    targets = {"Targets": [{"Id": "1", "Arn": QUEUE}]} if call == "put_targets" else {}

    with pytest.raises(rules.events.exceptions.ResourceNotFoundException) as refused:
        getattr(rules.events, call)(**named, **targets)

    message = refused.value.response["Error"]["Message"]
    assert message == "Rule gone does not exist on EventBus default."


def test_the_tags_of_a_rule_stay_when_it_is_put_again(rules: Rules) -> None:
    tag = {"Key": "a", "Value": "1"}
    rule = rules.put({"Arn": QUEUE}, pattern={"source": ["s"]}, Tags=[tag])
    again = rules.events.put_rule(
        Name=rule, EventPattern='{"source": ["t"]}', Tags=[{"Key": "a", "Value": "2"}]
    )

    tags = rules.events.list_tags_for_resource(ResourceARN=again["RuleArn"])["Tags"]
    assert tags == [tag]


def test_each_entry_is_refused_or_taken_alone(
    embedded_aws: EmbeddedAws, rules: Rules, queue: Queue, source: str
) -> None:
    rules.put({"Arn": queue.arn}, pattern={"source": [source]})
    entry = {"Source": source, "DetailType": "Test", "Detail": "{}"}
    details = [{**entry, "Detail": detail} for detail in ("[]", '{"a": NaN}', "{", '{"a":' * 2000)]
    elsewhere = {**entry, "EventBusName": "not-there"}

    answer = rules.events.put_events(Entries=[*details, elsewhere, entry])

    *malformed, dropped, taken = answer["Entries"]
    assert answer["FailedEntryCount"] == len(malformed)
    assert {refused["ErrorCode"] for refused in malformed} == {"MalformedDetail"}
    assert "EventId" in dropped
    assert queue.body()["id"] == taken["EventId"]


def test_entries_may_have_a_megabyte_together(rules: Rules) -> None:
    entry = {"Source": "s", "DetailType": "Test", "Detail": json.dumps({"a": "b" * 600_000})}
    assert rules.events.put_events(Entries=[entry])["FailedEntryCount"] == 0

    with pytest.raises(ClientError, match="Total size of the entries in the request is over the"):
        rules.events.put_events(Entries=[entry, entry])


def test_nobody_but_aws_speaks_for_aws(rules: Rules) -> None:
    entry = {"Source": "aws.states", "DetailType": "Test", "Detail": "{}"}

    answer = rules.events.put_events(Entries=[entry])

    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"


def test_a_scheduled_rule_fires_and_matches_no_events(
    embedded_aws: EmbeddedAws, rules: Rules, queue: Queue, source: str
) -> None:
    rule = rules.put({"Arn": queue.arn}, ScheduleExpression="cron(0 3 * * ? 2199)")
    put(embedded_aws, source)

    assert fire(embedded_aws, rule) == {"RuleArn": rule_arn(rule)}

    [event] = queue.bodies()
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
    assert (event["resources"], event["detail"]) == ([rule_arn(rule)], {})


def test_a_disabled_schedule_does_not_fire(
    embedded_aws: EmbeddedAws, rules: Rules, queue: Queue
) -> None:
    rule = rules.put({"Arn": queue.arn}, ScheduleExpression="rate(1 day)", State="DISABLED")

    with pytest.raises(HTTPError) as refused:
        fire(embedded_aws, rule)

    assert refused.value.code == 404
