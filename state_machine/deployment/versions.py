"""Published versions of the Lambdas that states invoke.

An execution goes on with the definition that it began with. The definition names versions, so the
execution goes on with its code as well, for as long as it waits, runs or may be redriven.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
"""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from state_machine.deployment.cloudformation import RETAINED, CfnResource, logical_id, resource

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

UNPUBLISHED = "$LATEST"
# How long a version stays after the next one was published: Step Functions keeps an execution for
# so long, https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
KEPT = timedelta(days=90)
# What a version freezes, of what a deployment sets.
FROZEN = (
    "CodeSha256",
    "Environment",
    "Handler",
    "KMSKeyArn",
    "MemorySize",
    "Role",
    "Runtime",
    "Timeout",
    "VpcConfig",
)


class Version:
    """The version of one Lambda that the executions of a deployment invoke.

    `deployed()` tells whether the function is there and as it shall be; `template_of_function()`
    returns what a template says of it.
    """

    def __init__(
        self,
        function: str,
        name: str,
        lambdas: "LambdaClient",
        *,
        deployed: Callable[[], bool],
        template_of_function: Callable[[], CfnResource],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.function = function
        self._name = name
        self._lambdas = lambdas
        self._deployed = deployed
        self._template_of_function = template_of_function
        self._now = now

    def arn(self) -> str:
        """Return the ARN of the newest version if that is the function as it shall be, else ""."""
        if not self._deployed():
            return ""
        found = self._listed()
        latest = next(each for each in found if each["Version"] == UNPUBLISHED)
        newest = _published(found)[-1:]
        if newest and _frozen(newest[0]) == _frozen(latest):
            return str(newest[0]["FunctionArn"])
        return ""

    def publish(self) -> None:
        """Publish the function as it is now, and delete the versions that nobody can need."""
        found = self._lambdas.get_function_configuration(FunctionName=self._name)
        self._lambdas.publish_version(FunctionName=self._name, CodeSha256=found["CodeSha256"])
        for replaced, its_successor in pairwise(_published(self._listed())):
            if datetime.fromisoformat(its_successor["LastModified"]) < self._now() - KEPT:
                self._lambdas.delete_function(
                    FunctionName=self._name, Qualifier=replaced["Version"]
                )

    @property
    def logical_id(self) -> str:
        """Its name within a template: another one for each change of what it freezes.

        CloudFormation publishes a version when its resource is new, and refuses to publish what
        has not changed.
        """
        properties = self._template_of_function()["Properties"]
        frozen = {name: value for name, value in properties.items() if name != "Tags"}
        digest = hashlib.sha256(json.dumps(frozen, sort_keys=True).encode()).hexdigest()
        return f"{logical_id(self.function, 'Version')}{digest[:12]}"

    def template(self) -> dict[str, CfnResource]:
        """The version, which stays when a later update of the stack has another one."""
        properties = {"FunctionName": {"Ref": logical_id(self.function, "Function")}}
        return {self.logical_id: resource("Lambda::Version", properties, **RETAINED)}

    def _listed(self) -> list[Any]:
        pages = self._lambdas.get_paginator("list_versions_by_function").paginate(
            FunctionName=self._name
        )
        return [version for page in pages for version in page["Versions"]]


def _published(versions: list[Any]) -> list[Any]:
    """Return the published ones, the newest last."""
    numbered = [each for each in versions if each["Version"] != UNPUBLISHED]
    return sorted(numbered, key=lambda each: int(each["Version"]))


def _frozen(version: Any) -> dict[str, Any]:
    return {name: version.get(name) for name in FROZEN}
