"""What tests of events share: queues, topics, rules, and functions that tell what they got."""

import json
from typing import Any, Self
from uuid import uuid4

from local_aws.client import EmbeddedAws
from tests.support.asking import ask
from tests.support.roles import ROLE
from tests.support.waiting import eventually


class Queue:
    """A queue of the test's own."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self._sqs = aws.client("sqs")
        name = f"queue-{uuid4().hex[:8]}"
        self.url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        self.arn = f"arn:aws:sqs:us-east-1:123456789012:{name}"
        self._seen: list[dict[str, Any]] = []

    def of(self, aws: EmbeddedAws) -> Self:
        """Have this queue read from another server, which started where the first one ended."""
        self._sqs = aws.client("sqs")
        return self

    def messages(self, count: int = 1) -> list[dict[str, Any]]:
        """Wait for so many messages in all; return them as SQS gave them."""
        eventually(lambda: self.receive() >= count)
        return self._seen

    def bodies(self, count: int = 1) -> list[Any]:
        """Wait for so many messages in all; return their JSON."""
        return [json.loads(message["Body"]) for message in self.messages(count)]

    def body(self) -> Any:
        """Wait for the first message; return its JSON."""
        return self.bodies()[0]

    def receive(self) -> int:
        """Receive what is there; return how many messages came in all."""
        received = self._sqs.receive_message(
            QueueUrl=self.url, MessageAttributeNames=["All"], MaxNumberOfMessages=10
        )
        for message in received.get("Messages", []):
            self._seen.append(message)
            self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return len(self._seen)


class Rules:
    """Rules of a test, deleted after it."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.events = aws.client("events")
        self._names: list[str] = []

    def put(self, *targets: dict[str, Any], pattern: Any = None, **settings: Any) -> str:
        """Put a rule with the targets; return its name."""
        name = f"rule-{uuid4().hex[:8]}"
        if pattern is not None:
            settings["EventPattern"] = json.dumps(pattern)
        self.events.put_rule(Name=name, **settings)
        self._names.append(name)
        numbered = [{"Id": str(number), **target} for number, target in enumerate(targets)]
        self.events.put_targets(Rule=name, Targets=numbered)
        return name

    def delete(self) -> None:
        """Delete all of them."""
        for name in self._names:
            for target in self.events.list_targets_by_rule(Rule=name)["Targets"]:
                self.events.remove_targets(Rule=name, Ids=[target["Id"]])
            self.events.delete_rule(Name=name)


def topic_into(aws: EmbeddedAws, queue: Queue, *, raw: bool = True) -> str:
    """Create a topic whose messages arrive in the queue; return its ARN."""
    sns = aws.client("sns")
    topic = str(sns.create_topic(Name=f"topic-{uuid4().hex[:8]}")["TopicArn"])
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=queue.arn,
        Attributes={"RawMessageDelivery": "true" if raw else "false"},
    )
    return topic


def function_arn(name: str) -> str:
    """Return the ARN of a function in the embedded AWS."""
    return f"arn:aws:lambda:us-east-1:123456789012:function:{name}"


def permit(aws: EmbeddedAws, function: str, service: str, source: str) -> None:
    """Let the service invoke the function for its resource."""
    aws.client("lambda").add_permission(
        FunctionName=function,
        StatementId=uuid4().hex,
        Action="lambda:InvokeFunction",
        Principal=f"{service}.amazonaws.com",
        SourceArn=source,
    )


def fire(aws: EmbeddedAws, rule: str) -> Any:
    """Fire a scheduled rule without waiting for its time."""
    return json.loads(ask(aws, "/moto-api/events/fire-rule", json.dumps({"Name": rule}).encode()))


def create_machine(states: Any, state: dict[str, Any], **more: Any) -> str:
    """Create a machine of one state; return its ARN."""
    definition = {"StartAt": "Only", "States": {"Only": state}, **more}
    return str(
        states.create_state_machine(
            name=f"machine-{uuid4().hex[:8]}", definition=json.dumps(definition), roleArn=ROLE
        )["stateMachineArn"]
    )


# A function that hands what it gets to the queue that its environment names.
FORWARDS = """
import json, os, boto3
def handler(event, context):
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(event))
"""


def forwards_to(queue: Queue) -> dict[str, Any]:
    """Return the setting that a function of FORWARDS needs."""
    return {"Environment": {"Variables": {"QUEUE": queue.url}}}
