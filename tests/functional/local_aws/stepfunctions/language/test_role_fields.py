"""The role as a field through boto3: of a state's Credentials, and of what a state passes on."""

import json
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from tests.functional.local_aws.stepfunctions.test_executions import echo, run
from tests.support.roles import ROLE


@pytest.fixture
def states(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("stepfunctions")


@pytest.mark.parametrize(
    "fields",
    [{"RoleArn.$": "$.role"}, {"in": {"RoleArn.$": "$.role"}}, {"list": [{"RoleArn.$": "$.role"}]}],
)
def test_a_role_is_a_parameter_like_any_other(states: Any, fields: dict[str, Any]) -> None:
    execution = run(states, echo(**fields), given='{"role": "arn:x"}')

    assert json.loads(execution["output"]) == json.loads(
        json.dumps(fields).replace('"RoleArn.$": "$.role"', '"RoleArn": "arn:x"')
    )


def test_a_variable_may_be_called_a_role(states: Any) -> None:
    assign = {"Type": "Pass", "Assign": {"RoleArn.$": "$.role"}, "Next": "Echo"}

    execution = run(states, ("Assign", assign), echo(x=1), given='{"role": "arn:x"}')
    history = states.get_execution_history(executionArn=execution["executionArn"])["events"]

    assert history[2]["stateExitedEventDetails"]["assignedVariables"] == {"RoleArn": '"arn:x"'}


def test_a_state_still_takes_its_role_from_a_path(states: Any) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sqs:listQueues",
        "Credentials": {"RoleArn.$": "$.role"},
        "Parameters": {},
        "ResultPath": None,
        "Next": "Echo",
    }

    execution = run(states, ("Task", task), echo(x=1), given=json.dumps({"role": ROLE}))
    history = states.get_execution_history(executionArn=execution["executionArn"])["events"]

    scheduled = next(event for event in history if event["type"] == "TaskScheduled")
    assert scheduled["taskScheduledEventDetails"]["taskCredentials"] == {"roleArn": ROLE}
    assert execution["status"] == "SUCCEEDED"
