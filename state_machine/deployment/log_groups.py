"""Log groups: made before anything writes to them, so that nothing needs the right to make them."""

from typing import TYPE_CHECKING, Any

from state_machine.account import NO_RULES, Account
from state_machine.deployment.cloudformation import RETAINED, CfnResource, resource
from state_machine.deployment.resource import (
    Resource,
    Rights,
    Setting,
    tag_list,
    tagging,
    tags_setting,
)

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

RETENTION_DAYS = 90
# Opened by the delivery of logs, which sees by that whether it may write, we believe: no execution
# is in it. https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
VALIDATION = "log_stream_created_by_aws_to_validate_log_delivery_subscriptions"
RIGHTS = Rights(
    "log group",
    (
        "logs:CreateLogGroup",
        "logs:DeleteLogGroup",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:PutRetentionPolicy",
    ),
    lambda names, _: names.log_group_arn(names.state_machine_log_group),
)
KEY_RIGHTS = Rights(
    "log group's key",
    ("logs:AssociateKmsKey",),
    lambda names, _: names.log_group_arn(names.state_machine_log_group),
    lambda account: bool(account.kms_key),
)
TAG_RIGHTS = tagging(
    "log group",
    ("logs:ListTagsForResource", "logs:TagResource"),
    lambda names, _: names.log_group_arn(names.state_machine_log_group),
)


def logs_id(owner: str) -> str:
    """Return the logical id of the log group of the resource that has that one."""
    return f"{owner}Logs"


class LogGroup(Resource):
    """A log group that forgets after a while; AWS's own would never.

    `owner` is the logical id of what writes to it.
    """

    kind = "log group"

    def __init__(
        self,
        name: str,
        owner: str,
        logs: "CloudWatchLogsClient",
        *,
        wanted: bool = True,
        account: Account = NO_RULES,
    ) -> None:
        self.name = name
        self._tags = account.tags
        self._key = account.kms_key
        self._owner = owner
        self.wanted = wanted
        self._logs = logs

    def exists(self) -> bool:
        """Tell whether the log group is there."""
        return self._found() is not None

    def create(self) -> None:
        """Create it."""
        tags: Any = {"tags": dict(self._tags)} if self._tags else {}
        key: Any = {"kmsKeyId": self._key} if self._key else {}
        self._logs.create_log_group(logGroupName=self.name, **tags, **key)

    def delete(self) -> None:
        """Delete it with its logs."""
        self._logs.delete_log_group(logGroupName=self.name)

    def holds(self) -> str:
        """Say whether anything is logged.

        A stream is there as soon as something opened it; CloudWatch counts `storedBytes` later, by
        hours, we believe: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_LogGroup.html
        """
        found = self._logs.describe_log_streams(logGroupName=self.name, limit=2)
        opened = {stream["logStreamName"] for stream in found["logStreams"]}
        return "logs" if opened - {VALIDATION} else ""

    def settings(self) -> list[Setting]:
        """How many days it keeps what is logged."""
        return [
            Setting("retention", RETENTION_DAYS, self._retention, self._put_retention),
            *([Setting("key", self._key, self._found_key, self._put_key)] if self._key else []),
            *tags_setting(self._tags, self._found_tags, self._put_tags),
        ]

    def template(self) -> dict[str, CfnResource]:
        """The log group, which a stack leaves behind."""
        tags = {"Tags": tag_list(self._tags)} if self._tags else {}
        key = {"KmsKeyId": self._key} if self._key else {}
        properties = {"LogGroupName": self.name, "RetentionInDays": RETENTION_DAYS, **key, **tags}
        return {logs_id(self._owner): resource("Logs::LogGroup", properties, **RETAINED)}

    def _retention(self) -> int | None:
        return (self._found() or {}).get("retentionInDays")

    def _put_retention(self, days: Any) -> None:
        self._logs.put_retention_policy(logGroupName=self.name, retentionInDays=days)

    def _found_key(self) -> str:
        return (self._found() or {}).get("kmsKeyId", "")

    def _put_key(self, key: str) -> None:
        """What was logged before stays encrypted as it was.

        https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_AssociateKmsKey.html
        """
        self._logs.associate_kms_key(logGroupName=self.name, kmsKeyId=key)

    def _found_tags(self) -> dict[str, str]:
        return self._logs.list_tags_for_resource(resourceArn=self._arn())["tags"]

    def _put_tags(self, tags: dict[str, str]) -> None:
        self._logs.tag_resource(resourceArn=self._arn(), tags=tags)

    def _arn(self) -> str:
        """The ARN for tags: without the `:*` that stands for its streams.

        https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagResource.html
        """
        return str(self._found()["arn"]).removesuffix(":*")

    def _found(self) -> Any:
        pages = self._logs.get_paginator("describe_log_groups").paginate(
            logGroupNamePrefix=self.name
        )
        groups = (group for page in pages for group in page["logGroups"])
        return next((group for group in groups if group["logGroupName"] == self.name), None)
