"""What events come in by, go out by, and where those are kept that could not be handled.

topic  <prefix>-retrain        asks for retraining: an alarm, or anything that publishes JSON
topic  <prefix>-announcements  tells of executions that ended without success,
                               and of models that were registered, approved or rejected
queue  <prefix>-failed-events  keeps events that a Lambda could not handle after its retries
"""

import json
from typing import TYPE_CHECKING, Any

from state_machine.account import NO_RULES, Account
from state_machine.deployment.cloudformation import RETAINED, CfnResource, logical_id, resource
from state_machine.deployment.resource import (
    Resource,
    Rights,
    Setting,
    counted,
    tag_list,
    tagging,
    tags_of,
    tags_setting,
)
from state_machine.names import ANNOUNCEMENTS, FAILED_EVENTS, REQUESTS, Names

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

TOPICS = (REQUESTS, ANNOUNCEMENTS)
TOPIC_RIGHTS = Rights(
    "topic",
    (
        "sns:CreateTopic",
        "sns:GetTopicAttributes",
        "sns:ListSubscriptionsByTopic",
        "sns:Subscribe",
    ),
    lambda names, _: names.topic_arn(REQUESTS),
)
QUEUE_RIGHTS = Rights(
    "queue",
    (
        "sqs:CreateQueue",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:SetQueueAttributes",
    ),
    lambda names, _: names.queue_arn(FAILED_EVENTS),
)
TOPIC_KEY_RIGHTS = Rights(
    "topic's key",
    ("sns:SetTopicAttributes",),
    lambda names, _: names.topic_arn(REQUESTS),
    lambda account: bool(account.kms_key),
)
TOPIC_TAG_RIGHTS = tagging(
    "topic",
    ("sns:ListTagsForResource", "sns:TagResource"),
    lambda names, _: names.topic_arn(REQUESTS),
)
QUEUE_TAG_RIGHTS = tagging(
    "queue",
    ("sqs:ListQueueTags", "sqs:TagQueue"),
    lambda names, _: names.queue_arn(FAILED_EVENTS),
)

# SQS's maximum: time to come back from a holiday and replay.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
RETENTION_SECONDS = 14 * 24 * 3600
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html
COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def queue_attributes(account: Account) -> dict[str, str]:
    """How long the queue keeps events, and by which keys it encrypts them: SQS's or the account's.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    """
    key = account.kms_key
    encrypted = {"KmsMasterKeyId": key} if key else {"SqsManagedSseEnabled": "true"}
    return {"MessageRetentionPeriod": str(RETENTION_SECONDS), **encrypted}


class Topic(Resource):
    """An SNS topic; its subscriptions are those of the Lambdas and of people."""

    kind = "topic"

    def __init__(
        self, purpose: str, names: Names, sns: "SNSClient", account: Account = NO_RULES
    ) -> None:
        self.name = names.topic(purpose)
        self._tags = account.tags
        self._attributes = {"KmsMasterKeyId": account.kms_key} if account.kms_key else {}
        self._purpose = purpose
        self._arn = names.topic_arn(purpose)
        self._sns = sns

    def exists(self) -> bool:
        """Tell whether the topic is there."""
        try:
            self._sns.get_topic_attributes(TopicArn=self._arn)
        except self._sns.exceptions.NotFoundException:
            return False
        return True

    def create(self) -> None:
        """Create it."""
        tags: Any = {"Tags": tag_list(self._tags)} if self._tags else {}
        self._sns.create_topic(Name=self.name, Attributes=self._attributes, **tags)

    def delete(self) -> None:
        """Delete it and its subscriptions."""
        self._sns.delete_topic(TopicArn=self._arn)

    def settings(self) -> list[Setting]:
        """The key and the tags of the account."""
        key = Setting("key", self._attributes, self._found_attributes, self._put_attributes)
        tags = tags_setting(self._tags, self._found_tags, self._put_tags)
        return [*([key] if self._attributes else []), *tags]

    def template(self) -> dict[str, CfnResource]:
        """The topic, without its subscriptions."""
        tags = {"Tags": tag_list(self._tags)} if self._tags else {}
        made = resource("SNS::Topic", {"TopicName": self.name, **self._attributes, **tags})
        return {logical_id(self._purpose, "Topic"): made}

    def _found_attributes(self) -> dict[str, str]:
        found = self._sns.get_topic_attributes(TopicArn=self._arn)["Attributes"]
        return {name: found.get(name, "") for name in self._attributes}

    def _put_attributes(self, attributes: dict[str, str]) -> None:
        for name, value in attributes.items():
            self._sns.set_topic_attributes(
                TopicArn=self._arn, AttributeName=name, AttributeValue=value
            )

    def _found_tags(self) -> dict[str, str]:
        return tags_of(self._sns.list_tags_for_resource(ResourceArn=self._arn)["Tags"])

    def _put_tags(self, tags: dict[str, str]) -> None:
        self._sns.tag_resource(ResourceArn=self._arn, Tags=tag_list(tags))


class FailedEventsQueue(Resource):
    """The encrypted queue of events that no Lambda could handle."""

    kind = "queue"

    def __init__(self, names: Names, sqs: "SQSClient", account: Account = NO_RULES) -> None:
        self.name = names.queue(FAILED_EVENTS)
        self._tags = account.tags
        self._wanted = queue_attributes(account)
        self._sqs = sqs

    def exists(self) -> bool:
        """Tell whether the queue is there."""
        try:
            self._url()
        except self._sqs.exceptions.QueueDoesNotExist:
            return False
        return True

    def create(self) -> None:
        """Create it; SQS refuses a name for a minute after the queue was deleted."""
        tags: Any = {"tags": dict(self._tags)} if self._tags else {}
        self._sqs.create_queue(QueueName=self.name, **tags)

    def delete(self) -> None:
        """Delete it with its messages."""
        self._sqs.delete_queue(QueueUrl=self._url())

    def holds(self) -> str:
        """Say how many events wait in it, approximately: those that a replay has hidden as well.

        The counts are a minute old, or older; so where they say none the queue itself is asked.
        """
        counts = self._attributes(list(COUNTS))
        number = sum(int(counts[name]) for name in COUNTS)
        return counted(number, "failed event") or ("failed events" if self._gives_one() else "")

    def settings(self) -> list[Setting]:
        """How long it keeps events, and how they are encrypted."""
        return [
            Setting("attributes", self._wanted, self._found, self._put),
            *tags_setting(self._tags, self._found_tags, self._put_tags),
        ]

    def template(self) -> dict[str, CfnResource]:
        """The queue. SQS takes every attribute as text, CloudFormation numbers as numbers."""
        attributes = {
            name: text if name == "KmsMasterKeyId" else json.loads(text)
            for name, text in self._wanted.items()
        }
        tags = {"Tags": tag_list(self._tags)} if self._tags else {}
        properties = {"QueueName": self.name, **attributes, **tags}
        return {logical_id(FAILED_EVENTS, "Queue"): resource("SQS::Queue", properties, **RETAINED)}

    def _gives_one(self) -> bool:
        """Look for a message, which is hidden from nobody by that.

        Waiting for it asks all of SQS's servers:
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
        """
        answer = self._sqs.receive_message(
            QueueUrl=self._url(), VisibilityTimeout=0, WaitTimeSeconds=1
        )
        return bool(answer.get("Messages"))

    def _found(self) -> dict[str, str]:
        return self._attributes(list(self._wanted))

    def _attributes(self, names: list[Any]) -> dict[str, str]:
        answer = self._sqs.get_queue_attributes(QueueUrl=self._url(), AttributeNames=names)
        return dict(answer.get("Attributes", {}))  # type: ignore[arg-type]

    def _put(self, attributes: Any) -> None:
        self._sqs.set_queue_attributes(QueueUrl=self._url(), Attributes=attributes)

    def _found_tags(self) -> dict[str, str]:
        return self._sqs.list_queue_tags(QueueUrl=self._url()).get("Tags", {})

    def _put_tags(self, tags: dict[str, str]) -> None:
        self._sqs.tag_queue(QueueUrl=self._url(), Tags=tags)

    def _url(self) -> str:
        return self._sqs.get_queue_url(QueueName=self.name)["QueueUrl"]
