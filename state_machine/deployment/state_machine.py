"""The state machine, and the log of its executions."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from state_machine.account import NO_RULES, Account
from state_machine.deployment.cloudformation import CfnResource, logical_id, resource
from state_machine.deployment.ending import Jobs, wait_until_none
from state_machine.deployment.log_groups import logs_id
from state_machine.deployment.propagation import until_known
from state_machine.deployment.resource import (
    Resource,
    Rights,
    Setting,
    tag_list,
    tagging,
    tags_of,
    tags_setting,
)
from state_machine.deployment.versions import Version
from state_machine.names import Names
from state_machine.sdk.sdk import Graph, Workflow

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

TRACING = True
DELETING = "DELETING"
LOGICAL_ID = "StateMachine"
RIGHTS = Rights(
    "state machine",
    (
        "states:CreateStateMachine",
        "states:DescribeStateMachine",
        "states:UpdateStateMachine",
    ),
    lambda names, _: names.state_machine_arn,
)
TAG_RIGHTS = tagging(
    "state machine",
    ("states:ListTagsForResource", "states:TagResource"),
    lambda names, _: names.state_machine_arn,
)
# AWS knows no resource for it.
VALIDATION_RIGHTS = Rights(
    "definition", ("states:ValidateStateMachineDefinition",), lambda _names, _group: "*"
)


def refusals(states: "SFNClient", definition: str) -> list[str]:
    """Return what Step Functions says against a definition; nothing where it would take it.

    Nothing is created.
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html
    """
    answer = states.validate_state_machine_definition(definition=definition, type="STANDARD")
    if answer["result"] == "OK":
        return []
    return [_told(each) for each in answer["diagnostics"]] or ["no reason given"]


def _told(diagnostic: Any) -> str:
    where = f" at {diagnostic['location']}" if diagnostic.get("location") else ""
    return f"{diagnostic['code']}: {diagnostic['message']}{where}"


def logging(names: Names) -> dict[str, Any]:
    """Every event without its data, which `run.json` and the history have.

    https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
    """
    log_group = {"logGroupArn": f"{names.log_group_arn(names.state_machine_log_group)}:*"}
    return {
        "level": "ALL",
        "includeExecutionData": False,
        "destinations": [{"cloudWatchLogsLogGroup": log_group}],
    }


@dataclass(frozen=True)
class Definition:
    """The states, which invoke `versions` of the Lambdas: those that are published when it is read.

    `graph(arns)` returns the states, given the ARN that each Lambda is invoked by.
    """

    graph: Callable[[Mapping[str, str]], Graph]
    versions: Sequence[Version] = ()

    def read(self) -> Graph:
        """Return the states as of now."""
        found = {version.function: version.arn() for version in self.versions}
        return self.graph({function: arn for function, arn in found.items() if arn})

    def template(self) -> dict[str, Any]:
        """Return the properties of a template; the stack fills in the versions' ARNs.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
        """
        named = {version.function: version.logical_id for version in self.versions}
        graph = self.graph({function: f"${{{name}}}" for function, name in named.items()})
        return {
            "DefinitionString": json.dumps(graph.to_dict()),
            "DefinitionSubstitutions": {name: {"Ref": name} for name in named.values()},
        }


class StateMachine(Resource):
    """The state machine, created and updated by the Data Science SDK.

    The SDK knows nothing of logging and tracing; they are put beside it.
    """

    kind = "state machine"

    def __init__(
        self,
        names: Names,
        definition: Definition,
        client: "SFNClient",
        jobs: Jobs,
        pause: Callable[[float], None],
        *,
        account: Account = NO_RULES,
    ) -> None:
        self.name = names.state_machine
        self._tags = account.tags
        self._arn = names.state_machine_arn
        self._role = names.role_arn("states")
        self._logging = logging(names)
        self._definition = definition
        self._client = client
        self._jobs = jobs
        self._pause = pause

    def exists(self) -> bool:
        """Tell whether the state machine is there, be it as one that is being deleted."""
        try:
            self._describe()
        except self._client.exceptions.StateMachineDoesNotExist:
            return False
        return True

    def is_going(self) -> bool:
        """Tell whether it is being deleted: AWS keeps it until its executions have ended."""
        try:
            return bool(self._describe()["status"] == DELETING)
        except self._client.exceptions.StateMachineDoesNotExist:
            return True  # it has just gone

    def create(self) -> None:
        """Create it, as soon as its role is known everywhere, and one of before is gone.

        Raises:
            DeploymentError: the one of before, whose executions do not end, is not.
        """
        self._wait_until_none(lambda: self.exists() and self.is_going())
        graph = self._definition.read()
        tags = tag_list(self._tags, "key", "value")
        workflow = Workflow(self.name, graph, self._role, tags=tags, client=self._client)
        until_known(workflow.create, self._pause)

    def delete(self) -> None:
        """Delete it with its executions and their jobs, and wait until all of them have ended.

        From DeleteStateMachine on nothing can be started, so whatever a list of executions has not
        shown yet is stopped when it does: the list is eventually consistent.
        https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html

        Raises:
            DeploymentError: an execution or a job has not ended after half an hour.
        """
        self._keeps_running()
        self._client.delete_state_machine(stateMachineArn=self._arn)
        self._wait_until_none(self._keeps_running)
        self._jobs.end()

    def _wait_until_none(self, is_there: Callable[[], bool]) -> None:
        wait_until_none(
            lambda: [self.name] if is_there() else [], "state machines have not gone", self._pause
        )

    def _keeps_running(self) -> bool:
        """Tell whether it is still there, and stop what keeps it from going."""
        try:
            for arn in self._running():
                self._stop(arn)
        except self._client.exceptions.StateMachineDoesNotExist:
            return False
        return self.exists()

    def _stop(self, arn: str) -> None:
        try:
            self._client.stop_execution(executionArn=arn, cause="The stage was destroyed")
        except self._client.exceptions.ExecutionDoesNotExist:
            return  # it ended, and its machine went

    def settings(self) -> list[Setting]:
        """What it does, by which role, and how executions are logged and traced."""
        definition = {"states": self._definition.read().to_dict(), "role": self._role}
        return [
            Setting("definition", definition, self._found_definition, self._put_definition),
            Setting("logging", self._logging, self._found_logging, self._put_logging),
            Setting("tracing", TRACING, self._tracing, self._put_tracing),
            *tags_setting(self._tags, self._found_tags, self._put_tags),
        ]

    def template(self) -> dict[str, CfnResource]:
        """The state machine, with the definition as text."""
        destinations = [
            {
                "CloudWatchLogsLogGroup": {
                    "LogGroupArn": one["cloudWatchLogsLogGroup"]["logGroupArn"]
                }
            }
            for one in self._logging["destinations"]
        ]
        properties = {
            "StateMachineName": self.name,
            "RoleArn": self._role,
            **self._definition.template(),
            "LoggingConfiguration": {
                "Level": self._logging["level"],
                "IncludeExecutionData": self._logging["includeExecutionData"],
                "Destinations": destinations,
            },
            "TracingConfiguration": {"Enabled": TRACING},
            **({"Tags": tag_list(self._tags)} if self._tags else {}),
        }
        first = [logical_id("states", "Role"), logs_id(LOGICAL_ID)]
        return {LOGICAL_ID: resource("StepFunctions::StateMachine", properties, DependsOn=first)}

    def _found_definition(self) -> dict[str, str]:
        found = self._describe()
        return {"states": json.loads(found["definition"]), "role": found["roleArn"]}

    def _put_definition(self, _: Any) -> None:
        """`Workflow.create()` on an existing name would return its ARN and change nothing."""
        graph = self._definition.read()
        workflow = Workflow(
            self.name, graph, self._role, client=self._client, state_machine_arn=self._arn
        )
        until_known(lambda: workflow.update(definition=graph, role=self._role), self._pause)

    def _found_logging(self) -> Any:
        return self._describe().get("loggingConfiguration")

    def _put_logging(self, logging: Any) -> None:
        until_known(
            lambda: self._client.update_state_machine(
                stateMachineArn=self._arn, loggingConfiguration=logging
            ),
            self._pause,
        )

    def _tracing(self) -> bool:
        return bool(self._describe().get("tracingConfiguration", {}).get("enabled"))

    def _put_tracing(self, enabled: Any) -> None:
        self._client.update_state_machine(
            stateMachineArn=self._arn, tracingConfiguration={"enabled": enabled}
        )

    def _found_tags(self) -> dict[str, str]:
        found = self._client.list_tags_for_resource(resourceArn=self._arn)["tags"]
        return tags_of(found, "key", "value")

    def _put_tags(self, tags: dict[str, str]) -> None:
        self._client.tag_resource(resourceArn=self._arn, tags=tag_list(tags, "key", "value"))

    def _describe(self) -> Any:
        return self._client.describe_state_machine(stateMachineArn=self._arn)

    def _running(self) -> list[str]:
        pages = self._client.get_paginator("list_executions").paginate(
            stateMachineArn=self._arn, statusFilter="RUNNING"
        )
        return [item["executionArn"] for page in pages for item in page["executions"]]
