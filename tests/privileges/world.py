"""A deployed stage whose roles can be robbed of one right, and what people and services do with it.

The state machine is the deployed one but for its patience: what fails is retried once, at once.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from local_aws.client import EmbeddedAws
from state_machine.config import PipelineConfig
from state_machine.deployment.roles import POLICY_NAME
from tests.e2e.pipeline import Pipeline
from tests.support.asking import ask
from tests.support.paths import PROJECT


@dataclass(frozen=True)
class Grant:
    """An action that a statement of a role's policy allows."""

    purpose: str  # the role's: `states`, a job or a Lambda
    statement: int
    sid: str
    action: str

    def __str__(self) -> str:
        return f"{self.purpose}-{self.sid}-{self.action}"


def grants_of(purpose: str, policy: dict[str, Any]) -> list[Grant]:
    """Return every grant of the policy; what denies grants nothing."""
    return [
        Grant(purpose, number, statement["Sid"], action)
        for number, statement in enumerate(policy["Statement"])
        if statement["Effect"] == "Allow"
        for action in statement["Action"]
    ]


class World:
    """The stage, and who listens to its announcements."""

    def __init__(self, aws: EmbeddedAws, settings: PipelineConfig, digits: Path) -> None:
        self.aws = aws
        self.digits = digits
        self.events = PROJECT / "tests" / "events"
        self.pipeline = Pipeline(aws, PROJECT)
        self.pipeline.deploy(settings)
        self.names = self.pipeline.deployment.names
        self._iam = aws.client("iam")
        self._make_impatient()
        self._sqs = aws.client("sqs")
        self._reader = self._listen()

    def used(self) -> set[Grant]:
        """Return the grants that have been used since the last `forget`."""
        used = set()
        for role, record in self._record("GET").items():
            purpose = self._purpose(role)
            for entry in record["used"]:
                if purpose is not None and entry.get("policy") == POLICY_NAME:
                    used.add((purpose, entry["statement"], entry["action"]))
        return {
            grant
            for purpose in {purpose for purpose, _, _ in used}
            for grant in grants_of(purpose, self._policy(purpose))
            if (grant.purpose, grant.statement, grant.action) in used
        }

    def denied(self, purpose: str) -> set[str]:
        """Return the actions that the role was denied since the last `forget`."""
        record = self._record("GET").get(self.names.role_arn(purpose), {"denied": []})
        return {entry["action"] for entry in record["denied"]}

    def forget(self) -> None:
        """Forget what was used, denied and announced."""
        self._record("DELETE")
        for url in (self._reader, self.failed_events):
            while self._receive(url):
                continue

    @contextmanager
    def without(self, grant: Grant) -> Iterator[None]:
        """Take one right from its role while the block runs, and end what still runs after it."""
        policy = self._policy(grant.purpose)
        poorer = json.loads(json.dumps(policy))
        statement = poorer["Statement"][grant.statement]
        statement["Action"].remove(grant.action)
        if not statement["Action"]:
            poorer["Statement"].remove(statement)
        self._put(grant.purpose, poorer)
        self._end_environments(grant.purpose)
        try:
            yield
        finally:
            self._put(grant.purpose, policy)
            self._stop_all()

    @contextmanager
    def untold(self) -> Iterator[None]:
        """Have the bucket tell nobody of what happens in it while the block runs."""
        s3, bucket = self.pipeline.s3, self.names.bucket
        told = s3.get_bucket_notification_configuration(Bucket=bucket)
        told.pop("ResponseMetadata")
        s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
        try:
            yield
        finally:
            s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=told)

    @contextmanager
    def without_versions(self) -> Iterator[None]:
        """Have the bucket give no version ids while the block runs."""
        s3, bucket = self.pipeline.s3, self.names.bucket
        for_now = {"Bucket": bucket, "VersioningConfiguration": {"Status": "Suspended"}}
        s3.put_bucket_versioning(**for_now)
        try:
            yield
        finally:
            for_good = {"Bucket": bucket, "VersioningConfiguration": {"Status": "Enabled"}}
            s3.put_bucket_versioning(**for_good)

    def defaults(self) -> dict[str, Any]:
        """What the deployed definition hands to PrepareRun."""
        found = self.pipeline.states.describe_state_machine(
            stateMachineArn=self.names.state_machine_arn
        )
        states = json.loads(found["definition"])["States"]
        defaults: dict[str, Any] = states["PrepareRun"]["Parameters"]["Payload"]["defaults"]
        return defaults

    @property
    def failed_events(self) -> str:
        """The URL of the queue of failed events."""
        return str(self._sqs.get_queue_url(QueueName=self.names.queue("failed-events"))["QueueUrl"])

    def kept_events(self) -> list[dict[str, Any]]:
        """Take what is kept of failed events."""
        return self._receive(self.failed_events)

    def announced(self) -> list[dict[str, Any]]:
        """Take what was announced."""
        return self._receive(self._reader)

    def logged(self, group: str, text: str, since: datetime, stream: str = "") -> bool:
        """Tell whether a line came after a time that holds the text, in a stream of that prefix."""
        logs = self.aws.client("logs")
        try:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group, startTime=int(since.timestamp() * 1000)
            )
            return any(
                text in event["message"] and event["logStreamName"].startswith(stream)
                for page in pages
                for event in page["events"]
            )
        except logs.exceptions.ResourceNotFoundException:
            return False

    def _receive(self, url: str) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        messages = answer.get("Messages", [])
        for message in messages:
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]

    def _listen(self) -> str:
        url = str(self._sqs.create_queue(QueueName="reader")["QueueUrl"])
        self.aws.client("sns").subscribe(
            TopicArn=self.names.topic_arn("announcements"),
            Protocol="sqs",
            Endpoint=self.names.arn("sqs", "reader"),
        )
        return url

    def _make_impatient(self) -> None:
        states, arn = self.pipeline.states, self.names.state_machine_arn
        definition = json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"])
        for state in definition["States"].values():
            for retry in state.get("Retry", []):
                retry |= {"IntervalSeconds": 1, "MaxAttempts": 1, "BackoffRate": 1.0}
        states.update_state_machine(stateMachineArn=arn, definition=json.dumps(definition))

    def _stop_all(self) -> None:
        for arn in self.pipeline.executions():
            status = self.pipeline.states.describe_execution(executionArn=arn)["status"]
            if status == "RUNNING":
                self.pipeline.states.stop_execution(executionArn=arn)

    def _end_environments(self, purpose: str) -> None:
        """Have a Lambda start anew: what is warm has opened its log already.

        A state's Lambda is a published version, which cannot be changed: another takes its place.
        """
        if purpose not in self.pipeline.deployment.functions:
            return
        name, lambdas = self.names.function(purpose), self.pipeline.lambdas
        memory = lambdas.get_function_configuration(FunctionName=name)["MemorySize"]
        lambdas.update_function_configuration(FunctionName=name, MemorySize=memory + 1)
        version = lambdas.publish_version(FunctionName=name)["FunctionArn"]
        unversioned = version.rpartition(":")[0]
        states, arn = self.pipeline.states, self.names.state_machine_arn
        definition = states.describe_state_machine(stateMachineArn=arn)["definition"]
        now = re.sub(rf"{re.escape(unversioned)}:\d+", version, definition)
        states.update_state_machine(stateMachineArn=arn, definition=now)

    def _policy(self, purpose: str) -> dict[str, Any]:
        document: dict[str, Any] = self._iam.get_role_policy(
            RoleName=self.names.role(purpose), PolicyName=POLICY_NAME
        )["PolicyDocument"]
        return document

    def _put(self, purpose: str, policy: dict[str, Any]) -> None:
        self._iam.put_role_policy(
            RoleName=self.names.role(purpose),
            PolicyName=POLICY_NAME,
            PolicyDocument=json.dumps(policy),
        )

    def _purpose(self, role_arn: str) -> str | None:
        name = role_arn.rpartition("/")[2]
        prefix, suffix = f"{self.names.prefix}-", f"-{self.names.region}"
        ours = name.startswith(prefix) and name.endswith(suffix)
        return name.removeprefix(prefix).removesuffix(suffix) if ours else None

    def _record(self, method: str) -> Any:
        return json.loads(ask(self.aws, "/moto-api/authorizations", method=method))
