"""Topics, subscriptions and queues of CloudFormation.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SNS.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SQS.html
"""

import json
from typing import Any

import boto3

from local_aws.cloudformation.properties import (
    Made,
    Properties,
    check_names,
    removed_if_it_fails,
    tagged,
    tags_of,
    text,
    without,
)

_FIFO = ".fifo"
_CREATED_WITH = ("FifoQueue", "FifoTopic")
_TOPIC = (
    "ArchivePolicy",
    "ContentBasedDeduplication",
    "DataProtectionPolicy",
    "DisplayName",
    "FifoThroughputScope",
    "FifoTopic",
    "KmsMasterKeyId",
    "SignatureVersion",
    "TracingConfig",
)
_QUEUE = (
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
)


def fifo_name(name: str, properties: Properties) -> str:
    """Return the name that CloudFormation makes up, which tells of a FIFO queue or topic."""
    is_fifo = any(_attribute(properties.get(each, False)) == "true" for each in _CREATED_WITH)
    return f"{name[: 80 - len(_FIFO)]}{_FIFO}" if is_fifo else name


def create_topic(session: boto3.Session, properties: Properties) -> Made:
    """Make the topic, and subscribe who its properties name."""
    check_names("AWS::SNS::Topic", properties, (*_TOPIC, "TopicName", "Subscription", "Tags"))
    name, sns = properties["TopicName"], session.client("sns")
    given: Any = {"Attributes": _attributes(properties, _TOPIC), **tagged(properties)}
    arn = sns.create_topic(Name=name, **given)["TopicArn"]
    with removed_if_it_fails(lambda: sns.delete_topic(TopicArn=arn)):
        _subscribe(session, arn, properties)
    return arn, {"TopicArn": arn, "TopicName": name}


def change_topic(session: boto3.Session, arn: str, properties: Properties) -> None:
    """Put what can be put, and subscribe who was not subscribed."""
    sns = session.client("sns")
    for name, value in _attributes(without(properties, *_CREATED_WITH), _TOPIC).items():
        sns.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)
    _subscribe(session, arn, properties)
    if tags := properties.get("Tags"):
        sns.tag_resource(ResourceArn=arn, Tags=tags)


def create_subscription(session: boto3.Session, properties: Properties) -> Made:
    """Subscribe; what is more than the endpoint is an attribute."""
    given = {name: properties[name] for name in ("TopicArn", "Protocol", "Endpoint")}
    more = without(properties, *given)
    attributes: Any = {"Attributes": _attributes(more, more)} if more else {}
    answer = session.client("sns").subscribe(**given, **attributes, ReturnSubscriptionArn=True)
    return answer["SubscriptionArn"], {"Arn": answer["SubscriptionArn"]}


def create_queue(session: boto3.Session, properties: Properties) -> Made:
    """Make the queue."""
    check_names("AWS::SQS::Queue", properties, (*_QUEUE, "QueueName", "Tags"))
    name, sqs = properties["QueueName"], session.client("sqs")
    attributes: Any = _attributes(properties, _QUEUE)
    made = sqs.create_queue(QueueName=name, Attributes=attributes, tags=tags_of(properties))
    url = made["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    return url, {"Arn": found["QueueArn"], "QueueName": name, "QueueUrl": url}


def change_queue(session: boto3.Session, url: str, properties: Properties) -> None:
    """Put what can be put."""
    sqs = session.client("sqs")
    attributes: Any = _attributes(without(properties, *_CREATED_WITH), _QUEUE)
    if attributes:
        sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
    if tags := tags_of(properties):
        sqs.tag_queue(QueueUrl=url, Tags=tags)


def _subscribe(session: boto3.Session, topic: str, properties: Properties) -> None:
    for each in properties.get("Subscription", []):
        create_subscription(session, {"TopicArn": topic, **each})


def _attributes(properties: Properties, names: Any) -> dict[str, str]:
    return {name: _attribute(properties[name]) for name in names if name in properties}


def _attribute(value: Any) -> str:
    """Return a value as both services have it: `true`, `30`, and policies as JSON."""
    return json.dumps(value) if isinstance(value, bool | int) else text(value)
