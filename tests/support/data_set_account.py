"""The account that `data_set_life` plays in: fakes, or an embedded AWS with its clock in hand."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Protocol
from urllib.parse import unquote_plus
from uuid import uuid4

from lambdas.on_upload import EVENTS as HEARD
from tests.fakes.s3 import FakeS3
from tests.fakes.sagemaker import FakeSageMaker
from tests.fakes.service import Others, client_error
from tests.fakes.stepfunctions import Execution, FakeStepFunctions
from tests.support.clocked_aws import ClockedAws
from tests.support.roles import ensure_role
from tests.support.waiting import eventually

Told = tuple[str, str]  # an event's name and its key

OF_S3 = ("ListObjectVersions", "HeadObject", "PutObject", "GetObject", "CopyObject")
OF_STATES = ("DescribeExecution", "StartExecution", "ListExecutions")
GROUP, UPLOADS = "digits", "raw_data/"
SOON = 0.002  # seconds; a queue cannot be asked to wait while its clock stands


class Account(Protocol):
    """One bucket, one state machine, one registry, and what a test has in hand of them."""

    versioned: bool
    bucket: str
    state_machine: str
    s3: Any  # clients for the handlers
    states: Any
    sagemaker: Any
    unseen: Any  # an S3 client with no faults, before whose calls nobody gets in

    def now(self) -> datetime: ...
    def wait(self, seconds: int) -> None: ...
    def forget_executions(self) -> None:
        """Let those that have ended be forgotten, as after 90 days."""

    def put(self, key: str, content: bytes) -> None: ...
    def delete(self, key: str, by: str) -> None: ...
    def delete_version(self, key: str, version: str) -> None: ...
    def newest(self, key: str) -> tuple[str, bool] | None:
        """Return the newest version's id, and whether it is an object: no delete marker."""

    def told(self) -> list[Told]:
        """Return the events since the last call that the pipeline listens to."""

    def started(self) -> list[Execution]:
        """Return every execution that was ever started, the first one first."""

    def end(self, arn: str, status: str, output: dict[str, Any]) -> None: ...
    def just_before(self, call: str, action: Callable[[], object]) -> None: ...
    def refuse(self, call: str) -> None: ...
    def accept(self, call: str) -> None: ...
    def close(self) -> None: ...


class FakeAccount:
    """Fakes of S3, Step Functions and SageMaker; each writing or question takes a second."""

    bucket = "retrain-dev-123456789012-us-east-1"
    state_machine = "arn:aws:states:us-east-1:123456789012:stateMachine:retrain-dev"

    def __init__(self, versioned: bool) -> None:
        self.versioned = versioned
        self.s3 = FakeS3(self.bucket, versioned=versioned)
        self.s3.page_size = 1000
        self.states, self.sagemaker = FakeStepFunctions(), FakeSageMaker(GROUP)
        self.now, self.wait = self.s3.now, self.s3.wait
        self.forget_executions = self.states.forget
        self._told: list[Told] = []

    @property
    def unseen(self) -> FakeS3:
        still = FakeS3(versioned=self.versioned)
        still.buckets = self.s3.buckets
        return still

    def put(self, key: str, content: bytes) -> None:
        self.s3.upload(self.bucket, key, content)
        self._tell("ObjectCreated:Put", key)

    def delete(self, key: str, by: str) -> None:
        self.s3.delete(self.bucket, key)
        self._tell(f"{by}:DeleteMarkerCreated" if self.versioned else f"{by}:Delete", key)

    def delete_version(self, key: str, version: str) -> None:
        self.s3.delete_version(self.bucket, key, version)
        self._tell("ObjectRemoved:Delete", key)

    def newest(self, key: str) -> tuple[str, bool] | None:
        versions = self.s3.buckets[self.bucket].get(key)
        return (versions[-1].version_id, versions[-1].content is not None) if versions else None

    def told(self) -> list[Told]:
        told, self._told = self._told, []
        return told

    def started(self) -> list[Execution]:
        return self.states.started

    def end(self, arn: str, status: str, output: dict[str, Any]) -> None:
        self.states.end(arn, status, output)

    def just_before(self, call: str, action: Callable[[], object]) -> None:
        self._fake(call).just_before(call, action)

    def refuse(self, call: str) -> None:
        self._fake(call).refuse(call, "SlowDown", 503)

    def accept(self, call: str) -> None:
        self._fake(call).accept(call)

    def close(self) -> None:
        """Nothing is left behind."""

    def _fake(self, call: str) -> FakeS3 | FakeStepFunctions:
        return self.s3 if call in OF_S3 else self.states

    def _tell(self, event: str, key: str) -> None:
        heard = any(fnmatchcase(f"s3:{event}", pattern) for pattern in HEARD)
        if heard and key.startswith(UPLOADS):
            self._told.append((event, key))


class EmbeddedAccount:
    """A bucket and a state machine of an embedded AWS, whose clock stands unless it is told.

    Its events are those that S3 sends to a queue. An execution is one of Step Functions: a task
    that waits for its token, which the test has in hand. Faults strike, and others get in, where
    botocore is about to make a call. What the embedded AWS does not do: it forgets no execution,
    and it has no lifecycle rules; what one of those removes is removed as by a user.
    """

    def __init__(self, aws: ClockedAws, versioned: bool) -> None:
        self.versioned = versioned
        self._aws = aws
        self.s3, self.states = aws.client("s3"), aws.client("stepfunctions")
        self.unseen, self._asked = aws.client("s3"), aws.client("stepfunctions")
        self.sagemaker, self._queues = aws.client("sagemaker"), aws.client("sqs")
        name = f"life-{uuid4().hex[:12]}"
        self.bucket = name
        self._events, self._tokens = self._queue(f"{name}-events"), self._queue(f"{name}-tokens")
        self._make_bucket()
        self.state_machine = self._make_state_machine(name)
        self._seen: dict[str, Execution] = {}
        self._token_of: dict[str, str] = {}
        self._others = Others()
        self._refused: set[str] = set()
        self._listen()

    def now(self) -> datetime:
        return self._aws.now

    def wait(self, seconds: int) -> None:
        """Have every token first: a queue keeps a message for four days."""
        for execution in self.started():
            if execution.status == "RUNNING" and execution.arn not in self._token_of:
                self._token_of[execution.arn] = self._token(execution.arn)
        self._aws.wait(seconds)

    def forget_executions(self) -> None:
        """The embedded AWS forgets none."""

    def put(self, key: str, content: bytes) -> None:
        self.unseen.put_object(Bucket=self.bucket, Key=key, Body=content)

    def delete(self, key: str, by: str) -> None:
        self.unseen.delete_object(Bucket=self.bucket, Key=key)

    def delete_version(self, key: str, version: str) -> None:
        self.unseen.delete_object(Bucket=self.bucket, Key=key, VersionId=version)

    def newest(self, key: str) -> tuple[str, bool] | None:
        found = self.unseen.list_object_versions(Bucket=self.bucket, Prefix=key)
        for kind, is_object in (("Versions", True), ("DeleteMarkers", False)):
            for version in found.get(kind, ()):
                if version["Key"] == key and version["IsLatest"]:
                    return version["VersionId"], is_object
        return None

    def told(self) -> list[Told]:
        """S3 tells in order here: what it tells of an object put now comes after all of before.

        Only the copy of a file that another thread makes meanwhile may come later still.
        """
        self.unseen.put_object(Bucket=self.bucket, Key=(last := f"told/{uuid4().hex}"))
        told: list[Told] = []
        while last not in {key for _, key in told}:
            for body in self._receive(self._events):
                told += [_told(record) for record in body.get("Records", ())]
        return [event for event in told if event[1].startswith(UPLOADS)]

    def started(self) -> list[Execution]:
        pages = self._asked.get_paginator("list_executions")
        listed = pages.paginate(stateMachineArn=self.state_machine).search("executions[]")
        for arn, status in [(e["executionArn"], e["status"]) for e in listed][::-1]:
            if arn not in self._seen or self._seen[arn].status != status:
                self._seen[arn] = self._execution(arn)
        return list(self._seen.values())

    def end(self, arn: str, status: str, output: dict[str, Any]) -> None:
        token = self._token(arn)
        if status == "SUCCEEDED":
            self.states.send_task_success(taskToken=token, output=json.dumps(output))
        else:
            self.states.send_task_failure(taskToken=token, error="States.TaskFailed")
        eventually(lambda: self._execution(arn).status == status, every=SOON)

    def just_before(self, call: str, action: Callable[[], object]) -> None:
        self._others.just_before(call, action)

    def refuse(self, call: str) -> None:
        self._refused.add(call)

    def accept(self, call: str) -> None:
        self._refused.discard(call)

    def close(self) -> None:
        """Stop what runs, and remove what has a name."""
        for execution in self.started():
            if execution.status == "RUNNING":
                self.end(execution.arn, "FAILED", {})
        self.states.delete_state_machine(stateMachineArn=self.state_machine)
        for queue in (self._events, self._tokens):
            self._queues.delete_queue(QueueUrl=queue)

    def _queue(self, name: str) -> str:
        return str(self._queues.create_queue(QueueName=name)["QueueUrl"])

    def _make_bucket(self) -> None:
        self.unseen.create_bucket(Bucket=self.bucket)
        if self.versioned:
            self.unseen.put_bucket_versioning(
                Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
            )
        attributes = self._queues.get_queue_attributes(
            QueueUrl=self._events, AttributeNames=["QueueArn"]
        )
        queue = {"QueueArn": attributes["Attributes"]["QueueArn"], "Events": list(HEARD)}
        self.unseen.put_bucket_notification_configuration(
            Bucket=self.bucket, NotificationConfiguration={"QueueConfigurations": [queue]}
        )

    def _make_state_machine(self, name: str) -> str:
        wait = {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
            "Parameters": {
                "QueueUrl": self._tokens,
                "MessageBody": {"token.$": "$$.Task.Token", "execution.$": "$$.Execution.Id"},
            },
            "End": True,
        }
        made = self.states.create_state_machine(
            name=name,
            roleArn=ensure_role(self._aws),
            definition=json.dumps({"StartAt": "Work", "States": {"Work": wait}}),
        )
        return str(made["stateMachineArn"])

    def _listen(self) -> None:
        """Be asked before each call of the handlers' clients."""
        for client, calls in ((self.s3, OF_S3), (self.states, OF_STATES)):
            service = client.meta.service_model.service_id.hyphenize()
            for call in calls:
                event = f"before-parameter-build.{service}.{call}"
                client.meta.events.register_first(event, partial(self._before, call))

    def _before(self, call: str, **_: Any) -> None:
        self._others.let_in(call)
        if call in self._refused:
            raise client_error("SlowDown", call, status=503)

    def _receive(self, queue: str) -> Iterator[dict[str, Any]]:
        """Yield what is in a queue, one message at least, and take it from there."""
        receive = partial(self._queues.receive_message, QueueUrl=queue, MaxNumberOfMessages=10)
        messages = eventually(lambda: receive().get("Messages"), every=SOON)
        taken = [{"Id": m["MessageId"], "ReceiptHandle": m["ReceiptHandle"]} for m in messages]
        self._queues.delete_message_batch(QueueUrl=queue, Entries=taken)
        yield from (json.loads(message["Body"]) for message in messages)

    def _execution(self, arn: str) -> Execution:
        found = self._asked.describe_execution(executionArn=arn)
        output = json.loads(found["output"]) if "output" in found else None
        asked = json.loads(found["input"])
        return Execution(arn, found["name"], asked, found["status"], found["startDate"], output)

    def _token(self, arn: str) -> str:
        while arn not in self._token_of:
            for told in self._receive(self._tokens):
                self._token_of[told["execution"]] = told["token"]
        return self._token_of.pop(arn)


def _told(record: dict[str, Any]) -> Told:
    return record["eventName"], unquote_plus(record["s3"]["object"]["key"])
