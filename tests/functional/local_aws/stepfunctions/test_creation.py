"""Creating and updating state machines through boto3, where AWS refuses and moto did not."""

import json
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from tests.functional.local_aws.stepfunctions.test_executions import create
from tests.functional.sagemaker_requests import unique
from tests.support.roles import ROLE


@pytest.fixture
def states(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("stepfunctions")


def machine(comment: str = "", **more: Any) -> dict[str, Any]:
    definition = {"Comment": comment, "StartAt": "End", "States": {"End": {"Type": "Succeed"}}}
    return {"definition": json.dumps(definition), "roleArn": ROLE, **more}


def logging(*groups: str) -> dict[str, Any]:
    arns = [f"arn:aws:logs:us-east-1:123456789012:log-group:{name}:*" for name in groups]
    return {
        "level": "ALL",
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}} for arn in arns],
    }


def test_a_name_is_one_machine_whose_definition_another_does_not_replace(states: Any) -> None:
    name = unique("machine")
    made = states.create_state_machine(name=name, **machine("one"))

    again = states.create_state_machine(
        name=name, tags=[{"key": "k", "value": "v"}], **machine("one")
    )
    with pytest.raises(states.exceptions.StateMachineAlreadyExists, match="State Machine Already"):
        states.create_state_machine(name=name, **machine("two"))
    with pytest.raises(states.exceptions.StateMachineAlreadyExists):
        states.create_state_machine(name=name, **machine("one", type="EXPRESS"))
    with pytest.raises(states.exceptions.StateMachineAlreadyExists):
        states.create_state_machine(
            name=name, **machine("one", tracingConfiguration={"enabled": True})
        )

    assert again["stateMachineArn"] == made["stateMachineArn"]
    assert again["creationDate"] == made["creationDate"]


def test_the_configuration_of_logs_is_shown_as_a_whole(states: Any) -> None:
    arn = create(states, ("End", {"Type": "Succeed"}))

    described = states.describe_state_machine(stateMachineArn=arn)

    assert described["loggingConfiguration"] == {"level": "OFF", "includeExecutionData": False}


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ([], "Must specify exactly one Log Destination"),
        (["one", "two"], "Must specify exactly one Log Destination"),
        (["not-there"], "Log Destination not found"),
    ],
)
def test_history_goes_to_one_log_group_that_is_there(
    states: Any, groups: list[str], said: str
) -> None:
    refused = states.exceptions.InvalidLoggingConfiguration
    arn = create(states, ("End", {"Type": "Succeed"}))

    with pytest.raises(refused, match=said):
        states.create_state_machine(
            name=unique("machine"), **machine(loggingConfiguration=logging(*groups))
        )
    with pytest.raises(refused, match=said):
        states.update_state_machine(stateMachineArn=arn, loggingConfiguration=logging(*groups))
