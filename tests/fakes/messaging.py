"""Fakes of what events and announcements go through: SNS, SQS, Lambda's and EventBridge's part."""

from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from tests.fakes.service import FakeService, client_error, operation

ACCOUNT = "us-east-1:123456789012"


class InvalidParameterValueError(ClientError):
    """As boto3 makes one from a service's model."""


class ResourceNotFoundError(ClientError):
    """As boto3 makes one from a service's model."""


class FakeSns(FakeService):
    """Topics by name, and what was published, oldest first."""

    service = "sns"

    def __init__(self) -> None:
        super().__init__()
        self.topics: set[str] = set()
        self.published: list[dict[str, Any]] = []

    @operation
    def create_topic(self, **request: Any) -> dict[str, Any]:
        self.topics.add(request["Name"])
        return {"TopicArn": f"arn:aws:sns:{ACCOUNT}:{request['Name']}"}

    @operation
    def publish(self, **request: Any) -> dict[str, Any]:
        """https://docs.aws.amazon.com/sns/latest/api/API_Publish.html on what a subject may be."""
        subject = request["Subject"]
        assert 0 < len(subject) <= 100
        assert subject.isascii()
        assert subject.isprintable()
        assert 0 < len(request["Message"].encode()) <= 262_144
        self.published.append(request)
        return {"MessageId": f"message-{len(self.published)}"}


class FakeSqs(FakeService):
    """Queues by name, with their attributes."""

    service = "sqs"

    def __init__(self) -> None:
        super().__init__()
        self.queues: dict[str, dict[str, str]] = {}

    @operation
    def create_queue(self, **request: Any) -> dict[str, Any]:
        """A queue that is there is returned; with other attributes it is an error."""
        name, asked = request["QueueName"], request.get("Attributes", {})
        there = self.queues.setdefault(name, asked)
        if not asked.items() <= there.items():
            raise client_error("QueueNameExists", "CreateQueue")
        return {"QueueUrl": f"https://sqs/{name}"}

    @operation
    def set_queue_attributes(self, **request: Any) -> dict[str, Any]:
        self.queues[request["QueueUrl"].rsplit("/", 1)[-1]] |= request["Attributes"]
        return {}


class FakeLambda(FakeService):
    """Functions by name, and their configurations for asynchronous events.

    A destination is refused ``refusals`` times: IAM does not know the functions' policy yet.
    """

    service = "lambda"
    exceptions = SimpleNamespace(
        InvalidParameterValueException=InvalidParameterValueError,
        ResourceNotFoundException=ResourceNotFoundError,
    )

    def __init__(self, *functions: str, refusals: int = 0) -> None:
        super().__init__()
        self.functions = set(functions)
        self.configs: dict[str, dict[str, Any]] = {}
        self._refusals_left = refusals

    @operation
    def put_function_event_invoke_config(self, **request: Any) -> dict[str, Any]:
        if self._refusals_left:
            self._refusals_left -= 1
            error = {"Code": "InvalidParameterValueException", "Message": "cannot call SendMessage"}
            raise InvalidParameterValueError({"Error": error}, "PutFunctionEventInvokeConfig")
        self.configs[request.pop("FunctionName")] = request
        return {}

    @operation
    def delete_function(self, **request: Any) -> dict[str, Any]:
        if request["FunctionName"] not in self.functions:
            raise not_found("DeleteFunction")
        self.functions.remove(request["FunctionName"])
        return {}


class FakeEvents(FakeService):
    """EventBridge rules by name, with the ids of their targets."""

    service = "events"
    exceptions = SimpleNamespace(ResourceNotFoundException=ResourceNotFoundError)

    def __init__(self, *rules: str) -> None:
        super().__init__()
        self.rules = {rule: {"1"} for rule in rules}

    @operation
    def remove_targets(self, **request: Any) -> dict[str, Any]:
        if request["Rule"] not in self.rules:
            raise not_found("RemoveTargets")
        self.rules[request["Rule"]] -= set(request["Ids"])
        return {"FailedEntryCount": 0, "FailedEntries": []}

    @operation
    def delete_rule(self, **request: Any) -> dict[str, Any]:
        """A rule that has targets is refused; one that is not there is not."""
        if self.rules.get(request["Name"]):
            raise client_error("ValidationException", "DeleteRule")
        self.rules.pop(request["Name"], None)
        return {}


def not_found(operation_name: str) -> ResourceNotFoundError:
    """Return the error for what is not there."""
    error = {"Code": "ResourceNotFoundException", "Message": "not found"}
    return ResourceNotFoundError({"Error": error}, operation_name)
