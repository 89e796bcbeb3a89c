"""Queues that invoke functions, through boto3."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.conftest import Deploy
from tests.functional.events import FORWARDS, Queue, forwards_to
from tests.support.roles import allow, make_role
from tests.support.waiting import eventually

# Forwards what it gets, and gives back what says so.
GIVES_BACK = (
    FORWARDS
    + """
    failed = [r["messageId"] for r in event["Records"] if "back" in r["body"]]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}
"""
)
SUM = "def handler(event, context):\n    return 1\n"


@pytest.fixture
def source(embedded_aws: EmbeddedAws) -> Queue:
    return Queue(embedded_aws)


def map_to(aws: EmbeddedAws, source: Queue, function: str, **settings: Any) -> Any:
    given: Any = {"EventSourceArn": source.arn, "FunctionName": function, **settings}
    return aws.client("lambda").create_event_source_mapping(**given)


def counts(aws: EmbeddedAws, source: Queue) -> tuple[int, int]:
    """Return how many messages there are, and how many are hidden."""
    names: Any = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = aws.client("sqs").get_queue_attributes(QueueUrl=source.url, AttributeNames=names)
    return int(found["Attributes"][names[0]]), int(found["Attributes"][names[1]])


def test_messages_reach_the_function_whole_and_are_deleted(
    embedded_aws: EmbeddedAws, deploy: Deploy, source: Queue, queue: Queue
) -> None:
    sqs = embedded_aws.client("sqs")
    sqs.send_message(QueueUrl=source.url, MessageBody="before the mapping")
    function = deploy(FORWARDS, **forwards_to(queue))
    map_to(embedded_aws, source, function)
    attribute: Any = {"colour": {"DataType": "String", "StringValue": "red"}}

    sent = sqs.send_message(QueueUrl=source.url, MessageBody="after", MessageAttributes=attribute)

    records = {r["body"]: r for body in queue.bodies(2) for r in body["Records"]}
    assert set(records) == {"before the mapping", "after"}
    record = records["after"]
    assert record["messageId"] == sent["MessageId"]
    assert record["md5OfBody"] == sent["MD5OfMessageBody"]
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"]["colour"] == {
        "stringValue": "red",
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": "String",
    }
    assert (record["eventSource"], record["eventSourceARN"]) == ("aws:sqs", source.arn)
    eventually(lambda: counts(embedded_aws, source) == (0, 0))


def test_filters_drop_and_functions_give_back(
    embedded_aws: EmbeddedAws, deploy: Deploy, source: Queue, queue: Queue
) -> None:
    function = deploy(GIVES_BACK, **forwards_to(queue))
    wanted = json.dumps({"body": {"kind": ["wanted"]}})
    mapping = map_to(
        embedded_aws,
        source,
        function,
        FunctionResponseTypes=["ReportBatchItemFailures"],
        FilterCriteria={"Filters": [{"Pattern": wanted}]},
    )
    texts = [json.dumps({"kind": kind}) for kind in ("wanted", "other")]
    texts.append(json.dumps({"kind": "wanted", "give": "back"}))
    entries: Any = [{"Id": str(n), "MessageBody": text} for n, text in enumerate(texts)]

    embedded_aws.client("sqs").send_message_batch(QueueUrl=source.url, Entries=entries)

    def told() -> set[str]:
        queue.receive()
        return {r["body"] for body in queue.bodies(1) for r in body["Records"]}

    eventually(lambda: told() == {texts[0], texts[2]})
    eventually(lambda: counts(embedded_aws, source) == (0, 1))  # the one that was given back
    lambdas = embedded_aws.client("lambda")
    lambdas.delete_event_source_mapping(UUID=mapping["UUID"])


def test_a_message_that_always_fails_goes_to_the_dead_letter_queue(
    embedded_aws: EmbeddedAws, deploy: Deploy, source: Queue, queue: Queue
) -> None:
    redrive = json.dumps({"deadLetterTargetArn": queue.arn, "maxReceiveCount": 1})
    sqs = embedded_aws.client("sqs")
    attributes: Any = {"RedrivePolicy": redrive, "VisibilityTimeout": "1"}
    sqs.set_queue_attributes(QueueUrl=source.url, Attributes=attributes)
    function = deploy("def handler(event, context):\n    raise KeyError\n", Timeout=1)
    map_to(embedded_aws, source, function)

    sqs.send_message(QueueUrl=source.url, MessageBody="poison")

    assert queue.messages(1)[0]["Body"] == "poison"


def test_a_mapping_is_refused_where_aws_refuses_it(
    embedded_aws: EmbeddedAws, deploy: Deploy, source: Queue
) -> None:
    function = deploy(SUM)
    map_to(embedded_aws, source, function, Enabled=False)
    with pytest.raises(ClientError, match=r"ResourceConflictException.*already exists"):
        map_to(embedded_aws, source, function)

    slow = deploy(SUM, Timeout=31)
    with pytest.raises(ClientError, match="30 seconds is less than Function timeout: 31 seconds"):
        map_to(embedded_aws, source, slow)

    without = deploy(SUM, Role=make_role(embedded_aws, allow("logs:*")))
    with pytest.raises(ClientError, match="does not have permissions to call ReceiveMessage"):
        map_to(embedded_aws, source, without)
