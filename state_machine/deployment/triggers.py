"""What invokes a Lambda. Chalice connects them; here they are looked at and taken away.

A trigger is two things: the source names the function, and the function's policy lets that source,
and no other, invoke it. https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

import json
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import boto3

from state_machine.names import DATASET_PREFIX, Names

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

CHALICES_TARGET = "1"  # the one target of every rule that Chalice makes
UPLOADS = {"events": ["s3:ObjectCreated:*"], "prefix": DATASET_PREFIX}
ENABLED = "ENABLED"  # the state of a rule
REQUESTS = "retrain"  # the topic's purpose


class Trigger(ABC):
    """What invokes one function."""

    def __init__(self, function: str, names: Names, session: boto3.Session) -> None:
        self._function = function
        self._names = names
        self._function_arn = names.function_arn(function)
        self._lambdas = session.client("lambda")

    @property
    @abstractmethod
    def desired(self) -> Any:
        """What `found` returns of one that works."""

    def found(self) -> Any:
        """Return what invokes the function, None if nothing is let to."""
        return (
            self._found() if _lets_invoke(self._lambdas, self._function_arn, self._source) else None
        )

    @abstractmethod
    def remove(self) -> None:
        """Take it away, if it is there. The function's policy goes with the function."""

    @property
    @abstractmethod
    def _source(self) -> str:
        """The ARN of what invokes the function."""

    @abstractmethod
    def _found(self) -> Any: ...


class UploadTrigger(Trigger):
    """The bucket's notification of uploads, beside whatever else the bucket notifies."""

    def __init__(self, function: str, names: Names, session: boto3.Session) -> None:
        super().__init__(function, names, session)
        self._s3 = session.client("s3")

    @property
    def desired(self) -> Any:
        """The events and the prefix."""
        return UPLOADS

    @property
    def _source(self) -> str:
        return self._names.bucket_arn

    def _found(self) -> Any:
        own = [config for config in self._notified() if self._is_own(config)]
        if len(own) != 1:
            return None
        rules = own[0].get("Filter", {}).get("Key", {}).get("FilterRules", [])
        filters = {rule["Name"].lower(): rule["Value"] for rule in rules}
        return {"events": own[0]["Events"], **filters}

    def remove(self) -> None:
        """Leave what others asked the bucket to notify."""
        with suppress(self._s3.exceptions.NoSuchBucket):
            found = self._configuration()
            kept = [config for config in self._notified() if not self._is_own(config)]
            found["LambdaFunctionConfigurations"] = kept
            self._s3.put_bucket_notification_configuration(
                Bucket=self._names.bucket, NotificationConfiguration=found
            )

    def _is_own(self, config: Any) -> bool:
        return bool(config["LambdaFunctionArn"] == self._function_arn)

    def _notified(self) -> list[Any]:
        return list(self._configuration().get("LambdaFunctionConfigurations", []))

    def _configuration(self) -> Any:
        found: Any = self._s3.get_bucket_notification_configuration(Bucket=self._names.bucket)
        found.pop("ResponseMetadata")
        return found


class TopicTrigger(Trigger):
    """A subscription to the topic that asks for retraining."""

    def __init__(self, function: str, names: Names, session: boto3.Session) -> None:
        super().__init__(function, names, session)
        self._sns = session.client("sns")

    @property
    def desired(self) -> Any:
        """One subscription."""
        return 1

    @property
    def _source(self) -> str:
        return self._names.topic_arn(REQUESTS)

    def _found(self) -> Any:
        return len(self._subscriptions())

    def remove(self) -> None:
        """Unsubscribe the function."""
        with suppress(self._sns.exceptions.NotFoundException):
            for arn in self._subscriptions():
                self._sns.unsubscribe(SubscriptionArn=arn)

    def _subscriptions(self) -> list[str]:
        pages = self._sns.get_paginator("list_subscriptions_by_topic").paginate(
            TopicArn=self._source
        )
        return [
            item["SubscriptionArn"]
            for page in pages
            for item in page["Subscriptions"]
            if item["Endpoint"] == self._function_arn
        ]


class RuleTrigger(Trigger):
    """An EventBridge rule by an event pattern, or by a schedule."""

    def __init__(self, function: str, names: Names, session: boto3.Session, **matches: Any) -> None:
        super().__init__(function, names, session)
        self._events = session.client("events")
        self._matches = matches

    @property
    def desired(self) -> Any:
        """What the rule matches, `pattern` or `schedule`, and its one target."""
        return {**self._matches, "state": ENABLED, "targets": [self._function_arn]}

    @property
    def _source(self) -> str:
        return self._names.rule_arn(self._function)

    def _found(self) -> Any:
        try:
            rule = self._events.describe_rule(Name=self._rule)
        except self._events.exceptions.ResourceNotFoundException:
            return None
        targets = self._events.list_targets_by_rule(Rule=self._rule)["Targets"]
        pattern, schedule = rule.get("EventPattern"), rule.get("ScheduleExpression")
        return {
            **({"pattern": json.loads(pattern)} if pattern else {}),
            **({"schedule": schedule} if schedule else {}),
            "state": rule["State"],
            "targets": [target["Arn"] for target in targets],
        }

    def remove(self) -> None:
        """Delete the rule."""
        with suppress(self._events.exceptions.ResourceNotFoundException):
            self._events.remove_targets(Rule=self._rule, Ids=[CHALICES_TARGET])
        with suppress(self._events.exceptions.ResourceNotFoundException):
            self._events.delete_rule(Name=self._rule)

    @property
    def _rule(self) -> str:
        return self._names.rule(self._function)


def _lets_invoke(lambdas: "LambdaClient", function_arn: str, source_arn: str) -> bool:
    """Tell whether the function's policy lets exactly that source invoke it."""
    try:
        document = json.loads(lambdas.get_policy(FunctionName=function_arn)["Policy"])
    except lambdas.exceptions.ResourceNotFoundException:
        return False
    conditions = [statement.get("Condition", {}) for statement in document["Statement"]]
    return any(
        value == source_arn
        for condition in conditions
        for keys in condition.values()
        for key, value in keys.items()
        if key.lower() == "aws:sourcearn"
    )
