"""What a topic sends to functions and queues, through boto3."""

import base64
import json
import re
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.conftest import Deploy
from tests.functional.events import (
    FORWARDS,
    Queue,
    forwards_to,
    function_arn,
    permit,
    topic_into,
)
from tests.support.waiting import eventually

ATTRIBUTES = {
    "colour": {"DataType": "String", "StringValue": "red"},
    "bytes": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
}


@pytest.fixture
def queue(embedded_aws: EmbeddedAws) -> Queue:
    return Queue(embedded_aws)


@pytest.fixture
def sns(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("sns")


@pytest.fixture
def topic(sns: Any) -> str:
    return str(sns.create_topic(Name=f"topic-{uuid4().hex[:8]}")["TopicArn"])


def subscribe_function(
    aws: EmbeddedAws, sns: Any, topic: str, function: str, **attributes: str
) -> str:
    permit(aws, function, "sns", topic)
    subscribed = sns.subscribe(
        TopicArn=topic,
        Protocol="lambda",
        Endpoint=function_arn(function),
        Attributes=attributes,
        ReturnSubscriptionArn=True,
    )
    return str(subscribed["SubscriptionArn"])


def test_a_function_gets_the_whole_event(
    embedded_aws: EmbeddedAws, sns: Any, topic: str, deploy: Deploy, queue: Queue
) -> None:
    name = deploy(FORWARDS, **forwards_to(queue))
    subscription = subscribe_function(embedded_aws, sns, topic, name)

    message_id = sns.publish(
        TopicArn=topic, Message="retrain, ünïcode", Subject="Alarm", MessageAttributes=ATTRIBUTES
    )["MessageId"]

    [record] = queue.body()["Records"]
    assert (record["EventSource"], record["EventVersion"]) == ("aws:sns", "1.0")
    assert record["EventSubscriptionArn"] == subscription
    sent = record["Sns"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", sent.pop("Timestamp"))
    assert base64.b64decode(sent.pop("Signature"))
    assert sent.pop("SigningCertUrl").startswith("https://sns.us-east-1.amazonaws.com/")
    assert sent.pop("UnsubscribeUrl").endswith(f"Action=Unsubscribe&SubscriptionArn={subscription}")
    assert sent.pop("SignatureVersion") in ("1", "2")
    assert sent == {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": topic,
        "Subject": "Alarm",
        "Message": "retrain, ünïcode",
        "MessageAttributes": {
            "colour": {"Type": "String", "Value": "red"},
            "bytes": {"Type": "Binary", "Value": base64.b64encode(b"\x00\xff").decode()},
        },
    }


def test_a_message_without_subject_has_null_for_one(
    embedded_aws: EmbeddedAws, sns: Any, topic: str, deploy: Deploy, queue: Queue
) -> None:
    subscribe_function(embedded_aws, sns, topic, deploy(FORWARDS, **forwards_to(queue)))

    sns.publish(TopicArn=topic, Message="m")

    sent = queue.body()["Records"][0]["Sns"]
    assert (sent["Subject"], sent["MessageAttributes"]) == (None, {})


def test_a_function_that_fails_is_tried_again(
    embedded_aws: EmbeddedAws, sns: Any, topic: str, deploy: Deploy, queue: Queue
) -> None:
    name = deploy(FORWARDS + "    raise RuntimeError\n", **forwards_to(queue))
    subscribe_function(embedded_aws, sns, topic, name)

    message_id = sns.publish(TopicArn=topic, Message="m")["MessageId"]

    ids = [event["Records"][0]["Sns"]["MessageId"] for event in queue.bodies(3)]
    assert ids == [message_id] * 3


def test_a_filter_keeps_messages_from_a_function(
    embedded_aws: EmbeddedAws, sns: Any, topic: str, deploy: Deploy, queue: Queue
) -> None:
    name = deploy(FORWARDS, **forwards_to(queue))
    policy = json.dumps({"colour": ["red"]})
    subscribe_function(embedded_aws, sns, topic, name, FilterPolicy=policy)

    sns.publish(TopicArn=topic, Message="blue")
    sns.publish(TopicArn=topic, Message="red", MessageAttributes=ATTRIBUTES)

    assert [event["Records"][0]["Sns"]["Message"] for event in queue.bodies()] == ["red"]


def test_a_function_may_get_a_message_of_its_own(
    embedded_aws: EmbeddedAws, sns: Any, topic: str, deploy: Deploy, queue: Queue
) -> None:
    subscribe_function(embedded_aws, sns, topic, deploy(FORWARDS, **forwards_to(queue)))
    messages = {"default": "d", "lambda": "l"}

    sns.publish(TopicArn=topic, Message=json.dumps(messages), MessageStructure="json")
    with pytest.raises(ClientError):
        sns.publish(TopicArn=topic, Message='{"sqs": "s"}', MessageStructure="json")

    assert queue.body()["Records"][0]["Sns"]["Message"] == "l"


def test_who_cannot_be_reached_does_not_keep_others_from_the_message(
    embedded_aws: EmbeddedAws, sns: Any, topic: str, deploy: Deploy, queue: Queue
) -> None:
    closed = function_arn(deploy(FORWARDS, **forwards_to(queue)))
    gone = "arn:aws:sqs:us-east-1:123456789012:gone-for-good"
    for protocol, endpoint in (("lambda", closed), ("sqs", gone), ("sqs", queue.arn)):
        sns.subscribe(TopicArn=topic, Protocol=protocol, Endpoint=endpoint)

    message_id = sns.publish(TopicArn=topic, Message="m")["MessageId"]

    assert queue.body()["MessageId"] == message_id
    log = embedded_aws.data_folder / "server.log"
    eventually(lambda: log.read_text().count(f"message {message_id} of {topic}") == 2)
    assert f"{closed} does not let sns invoke it" in log.read_text()


def test_a_queue_gets_an_envelope(embedded_aws: EmbeddedAws, sns: Any, queue: Queue) -> None:
    topic = topic_into(embedded_aws, queue, raw=False)

    message_id = sns.publish(
        TopicArn=topic, Message="m", Subject="s", MessageAttributes=ATTRIBUTES
    )["MessageId"]

    envelope = queue.body()
    assert set(envelope) == {
        "Type",
        "MessageId",
        "TopicArn",
        "Subject",
        "Message",
        "Timestamp",
        "SignatureVersion",
        "Signature",
        "SigningCertURL",
        "UnsubscribeURL",
        "MessageAttributes",
    }
    assert (envelope["MessageId"], envelope["Message"]) == (message_id, "m")
    assert envelope["MessageAttributes"]["colour"] == {"Type": "String", "Value": "red"}


def test_a_queue_may_get_the_message_raw(embedded_aws: EmbeddedAws, sns: Any, queue: Queue) -> None:
    topic = topic_into(embedded_aws, queue, raw=True)

    sns.publish(TopicArn=topic, Message="m", MessageAttributes=ATTRIBUTES)

    [message] = queue.messages()
    assert message["Body"] == "m"
    assert message["MessageAttributes"]["colour"]["StringValue"] == "red"
    assert message["MessageAttributes"]["bytes"]["BinaryValue"] == b"\x00\xff"
