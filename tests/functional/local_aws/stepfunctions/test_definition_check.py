"""ValidateStateMachineDefinition through boto3: nothing is created, and what is wrong is said."""

import json
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from state_machine.deployment.state_machine import refusals
from tests.support.roles import ROLE


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

    assert said == "SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /"


def test_a_machine_is_refused_in_the_words_of_its_validation(states: Any) -> None:
    lost = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "C": {"Type": "Fail"}}}
    with pytest.raises(states.exceptions.InvalidDefinition) as caught:
        states.create_state_machine(name="lost", definition=json.dumps(lost), roleArn=ROLE)

    assert caught.value.response["Error"]["Message"] == (
        "Invalid State Machine Definition: "
        "'MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/Next, "
        'MISSING_TRANSITION_TARGET: State "C" is not reachable. at /States/C\''
    )


def test_what_express_machines_do_not_have_is_found_by_type(states: Any) -> None:
    silent = states.validate_state_machine_definition(definition=training())
    found = states.validate_state_machine_definition(definition=training(), type="EXPRESS")

    assert (silent["result"], found["result"]) == ("OK", "FAIL")
    assert found["diagnostics"] == [
        {
            "severity": "ERROR",
            "code": "SCHEMA_VALIDATION_FAILED",
            "message": "Express state machine does not support '.sync' service integration",
            "location": "/States/Train/Resource",
        }
    ]


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


def test_a_definition_is_read_without_what_another_one_left(states: Any) -> None:
    own = {"Type": "Pass", "QueryLanguage": "JSONata", "Parameters": {}, "End": True}
    broken = json.dumps({"StartAt": "A", "QueryLanguage": "JSONata", "States": {"A": own}})
    plain = {"Type": "Pass", "Parameters": {"a.$": "$.a"}, "End": True}

    said = states.validate_state_machine_definition(definition=broken)
    found = states.validate_state_machine_definition(
        definition=json.dumps({"StartAt": "A", "States": {"A": plain}})
    )

    assert (said["result"], found["result"]) == ("FAIL", "OK"), found["diagnostics"]
