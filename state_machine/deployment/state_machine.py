"""The state machine, and the log of its executions."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from state_machine.deployment.cloudformation import CfnResource, logical_id, resource
from state_machine.deployment.ending import Jobs, wait_until_none
from state_machine.deployment.log_groups import logs_id
from state_machine.deployment.propagation import until_known
from state_machine.deployment.resource import Resource, Rights, Setting
from state_machine.names import Names
from state_machine.sdk import sdk
from state_machine.sdk.sdk import Workflow

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


class StateMachine(Resource):
    """The state machine, created and updated by the Data Science SDK.

    The SDK knows nothing of logging and tracing; they are put beside it.
    """

    kind = "state machine"

    def __init__(
        self,
        names: Names,
        graph: sdk.Graph,
        client: "SFNClient",
        jobs: Jobs,
        pause: Callable[[float], None],
    ) -> None:
        self.name = names.state_machine
        self._arn = names.state_machine_arn
        self._role = names.role_arn("states")
        self._logging = logging(names)
        self._graph = graph
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
        workflow = Workflow(self.name, self._graph, self._role, client=self._client)
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
        definition = {"states": self._graph.to_dict(), "role": self._role}
        return [
            Setting("definition", definition, self._definition, self._put_definition),
            Setting("logging", self._logging, self._found_logging, self._put_logging),
            Setting("tracing", TRACING, self._tracing, self._put_tracing),
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
            "DefinitionString": json.dumps(self._graph.to_dict()),
            "LoggingConfiguration": {
                "Level": self._logging["level"],
                "IncludeExecutionData": self._logging["includeExecutionData"],
                "Destinations": destinations,
            },
            "TracingConfiguration": {"Enabled": TRACING},
        }
        first = [logical_id("states", "Role"), logs_id(LOGICAL_ID)]
        return {LOGICAL_ID: resource("StepFunctions::StateMachine", properties, DependsOn=first)}

    def _definition(self) -> dict[str, str]:
        found = self._describe()
        return {"states": json.loads(found["definition"]), "role": found["roleArn"]}

    def _put_definition(self, _: Any) -> None:
        """`Workflow.create()` on an existing name would return its ARN and change nothing."""
        workflow = Workflow(
            self.name, self._graph, self._role, client=self._client, state_machine_arn=self._arn
        )
        until_known(lambda: workflow.update(definition=self._graph, role=self._role), self._pause)

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

    def _describe(self) -> Any:
        return self._client.describe_state_machine(stateMachineArn=self._arn)

    def _running(self) -> list[str]:
        pages = self._client.get_paginator("list_executions").paginate(
            stateMachineArn=self._arn, statusFilter="RUNNING"
        )
        return [item["executionArn"] for page in pages for item in page["executions"]]
