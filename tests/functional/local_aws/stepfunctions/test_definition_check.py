"""ValidateStateMachineDefinition through boto3: nothing is created, and what is wrong is said."""

import json
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from state_machine.deployment.state_machine import refusals


@pytest.fixture
def states(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("stepfunctions")


def training(**parameters: Any) -> str:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
        "Parameters": {"TrainingJobName": "job", **parameters},
        "End": True,
    }
    return json.dumps({"StartAt": "Train", "States": {"Train": task}})


def test_a_definition_that_is_right_is_ok(states: Any) -> None:
    found = states.validate_state_machine_definition(definition=training())

    assert (found["result"], found["diagnostics"], found["truncated"]) == ("OK", [], False)
    assert refusals(states, training()) == []


def test_what_cannot_be_parsed_fails_and_says_why(states: Any) -> None:
    (said,) = refusals(states, '{"StartAt": "A"}')

    assert said.startswith("SCHEMA_VALIDATION_FAILED: ")


def test_a_field_that_sagemaker_does_not_have_fails_with_its_place(states: Any) -> None:
    assert refusals(states, training(Foo=1)) == [
        'SCHEMA_VALIDATION_FAILED: The field "Foo" is not supported by Step Functions '
        "at /States/Train/Parameters"
    ]


def test_a_field_without_proof_is_a_warning_for_who_asks_for_warnings(states: Any) -> None:
    text = training(EnableInterContainerTrafficEncryption=True)

    silent = states.validate_state_machine_definition(definition=text)
    found = states.validate_state_machine_definition(definition=text, severity="WARNING")

    assert (silent["result"], silent["diagnostics"]) == ("OK", [])
    assert found["result"] == "OK"
    assert [each["severity"] for each in found["diagnostics"]] == ["WARNING"]
