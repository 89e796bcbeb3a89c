"""What invokes a Lambda. Chalice connects them; here they are looked at, described, taken away.

A trigger is two things: the source names the function, and the function's policy lets that source,
and no other, invoke it. https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import boto3

from lambdas.boundary.bucket_owner import of_account
from lambdas.on_upload import EVENTS
from state_machine.config import PipelineConfig
from state_machine.deployment.cloudformation import CfnResource, logical_id, resource
from state_machine.deployment.resource import (
    Rights,
    Setting,
    tag_list,
    tagging,
    tags_of,
    tags_setting,
)
from state_machine.functions.catalogue import LAMBDAS, Events, Lambda, Schedule, Topic, Uploads
from state_machine.names import DATASET_PREFIX, Names

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

CHALICES_TARGET = "1"  # the one target of every rule that Chalice makes
UPLOADS = {"events": sorted(EVENTS), "prefix": DATASET_PREFIX}
# The one Lambda that hears of them: S3 refuses two for one prefix.
UPLOADED = next(each.name for each in LAMBDAS if isinstance(each.trigger, Uploads))
ENABLED = "ENABLED"  # the state of a rule
RIGHTS = Rights(
    "rule",
    (
        "events:DeleteRule",
        "events:DescribeRule",
        "events:ListTargetsByRule",
        "events:PutRule",
        "events:PutTargets",
        "events:RemoveTargets",
    ),
    lambda names, _: names.rule_arn("any"),
)
TAG_RIGHTS = tagging(
    "rule",
    ("events:ListTagsForResource", "events:TagResource"),
    lambda names, _: names.rule_arn("any"),
)


def trigger_of(
    function: Lambda, config: PipelineConfig, names: Names, session: boto3.Session
) -> "Trigger | None":
    """Return what invokes the Lambda; None if only the state machine or people do."""
    tags = config.account.tags
    match function.trigger:
        case Uploads():
            return UploadTrigger(function.name, names, session)
        case Topic(purpose):
            return TopicTrigger(function.name, names, session, purpose)
        case Events(pattern):
            group = names.model_package_group(config.registry.model_package_group)
            return RuleTrigger(function.name, names, session, tags, pattern=pattern(names, group))
        case Schedule():
            expression = config.schedule.expression
            return RuleTrigger(function.name, names, session, tags, schedule=expression)
    return None


def permission_id(function: str) -> str:
    """Return the logical id of what lets the Lambda's source invoke it."""
    return logical_id(function, "Permission")


def upload_notifications(names: Names) -> list[dict[str, Any]]:
    """Return what a bucket in a template is to tell the Lambda of uploads."""
    by_prefix = {"Rules": [{"Name": "prefix", "Value": DATASET_PREFIX}]}
    function = names.function_arn(UPLOADED)
    return [
        {"Event": event, "Filter": {"S3Key": by_prefix}, "Function": function} for event in EVENTS
    ]


class Trigger(ABC):
    """What invokes one function: a resource of `service`."""

    service: str

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

    def settings(self) -> list[Setting]:
        """Return what is compared beside whether it invokes the function."""
        return []

    @abstractmethod
    def remove(self) -> None:
        """Take it away, if it is there. The function's policy goes with the function."""

    def template(self) -> dict[str, CfnResource]:
        """What lets the source, and no other, invoke the function."""
        properties = {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": logical_id(self._function, "Function")},
            "Principal": f"{self.service}.amazonaws.com",
            "SourceArn": self._source,
            **self._source_account(),
        }
        return {permission_id(self._function): resource("Lambda::Permission", properties)}

    def _source_account(self) -> dict[str, str]:
        """Return the account of a source whose ARN does not name it."""
        return {}

    @property
    @abstractmethod
    def _source(self) -> str:
        """The ARN of what invokes the function."""

    @abstractmethod
    def _found(self) -> Any: ...


class UploadTrigger(Trigger):
    """The bucket's notification of uploads, beside whatever else the bucket notifies.

    In a template the bucket itself says whom it notifies.
    """

    service = "s3"

    def __init__(self, function: str, names: Names, session: boto3.Session) -> None:
        super().__init__(function, names, session)
        self._s3 = of_account(session.client("s3"), names.account)

    @property
    def desired(self) -> Any:
        """The events and the prefix."""
        return UPLOADS

    @property
    def _source(self) -> str:
        return self._names.bucket_arn

    def _source_account(self) -> dict[str, str]:
        return {"SourceAccount": self._names.account}

    def _found(self) -> Any:
        # A template needs one for each event, a call has one for all of them.
        own = [config for config in self._notified() if self._is_own(config)]
        filters = [_filters(config) for config in own]
        if not own or any(each != filters[0] for each in filters):
            return None
        return {"events": sorted(e for config in own for e in config["Events"]), **filters[0]}

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


def _filters(config: Any) -> dict[str, str]:
    rules = config.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    return {rule["Name"].lower(): rule["Value"] for rule in rules}


class TopicTrigger(Trigger):
    """A subscription to one of the stage's topics."""

    service = "sns"

    def __init__(self, function: str, names: Names, session: boto3.Session, purpose: str) -> None:
        super().__init__(function, names, session)
        self._purpose = purpose
        self._sns = session.client("sns")

    @property
    def desired(self) -> Any:
        """One subscription."""
        return 1

    @property
    def _source(self) -> str:
        return self._names.topic_arn(self._purpose)

    def _found(self) -> Any:
        return len(self._subscriptions())

    def remove(self) -> None:
        """Unsubscribe the function."""
        with suppress(self._sns.exceptions.NotFoundException):
            for arn in self._subscriptions():
                self._sns.unsubscribe(SubscriptionArn=arn)

    def template(self) -> dict[str, CfnResource]:
        """The subscription, once the topic may invoke the function."""
        properties = {
            "TopicArn": {"Ref": logical_id(self._purpose, "Topic")},
            "Protocol": "lambda",
            "Endpoint": self._function_arn,
        }
        subscription = resource(
            "SNS::Subscription", properties, DependsOn=permission_id(self._function)
        )
        return {**super().template(), logical_id(self._function, "Subscription"): subscription}

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

    service = "events"

    def __init__(
        self,
        function: str,
        names: Names,
        session: boto3.Session,
        tags: Mapping[str, str],
        **matches: Any,
    ) -> None:
        super().__init__(function, names, session)
        self._tags = tags
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

    def settings(self) -> list[Setting]:
        """The tags of the account, which Chalice cannot give to a rule."""
        return tags_setting(self._tags, self._found_tags, self._put_tags)

    def _found_tags(self) -> dict[str, str]:
        try:
            listed = self._events.list_tags_for_resource(ResourceARN=self._source)["Tags"]
        except self._events.exceptions.ResourceNotFoundException:
            return {}
        return tags_of(listed)

    def _put_tags(self, tags: dict[str, str]) -> None:
        self._events.tag_resource(ResourceARN=self._source, Tags=tag_list(tags))

    def remove(self) -> None:
        """Delete the rule."""
        with suppress(self._events.exceptions.ResourceNotFoundException):
            self._events.remove_targets(Rule=self._rule, Ids=[CHALICES_TARGET])
        with suppress(self._events.exceptions.ResourceNotFoundException):
            self._events.delete_rule(Name=self._rule)

    def template(self) -> dict[str, CfnResource]:
        """The rule with its one target, once the function is there."""
        forms = {"pattern": "EventPattern", "schedule": "ScheduleExpression"}
        properties = {
            "Name": self._rule,
            **{forms[form]: value for form, value in self._matches.items()},
            "State": ENABLED,
            "Targets": [{"Arn": self._function_arn, "Id": CHALICES_TARGET}],
            **({"Tags": tag_list(self._tags)} if self._tags else {}),
        }
        function = logical_id(self._function, "Function")
        rule = resource("Events::Rule", properties, DependsOn=function)
        return {**super().template(), logical_id(self._function, "Rule"): rule}

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
