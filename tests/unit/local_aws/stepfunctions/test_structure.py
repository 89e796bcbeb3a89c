"""What is wrong with the structure of a machine, in the words that AWS was heard to use."""

import json
from typing import Any

import pytest

from local_aws.stepfunctions.operations.structure import problems

END = {"Type": "Pass", "End": True}


def to(target: str) -> dict[str, Any]:
    return {"Type": "Pass", "Next": target}


def machine(start: str, **states: Any) -> dict[str, Any]:
    return {"StartAt": start, "States": states}


TARGET = "MISSING_TRANSITION_TARGET: "
SCHEMA = "SCHEMA_VALIDATION_FAILED: "
CHOICE = {"Type": "Choice", "Choices": [{"Next": "Y"}], "Default": "Z"}
NO_TIME = {"Type": "Wait", "Timestamp": "2016-13-05T21:29:29Z", "End": True}
NO_TIME_SAID = f"{SCHEMA}String does not match RFC3339 timestamp at /States/A"
CASES: list[tuple[Any, list[str]]] = [
    (machine("A", A=END), []),
    (machine("A", A=NO_TIME), [f"{NO_TIME_SAID}/Timestamp"]),
    (
        machine("A", A={"Type": "Map", "ItemProcessor": machine("A", A=NO_TIME), "End": True}),
        [f"{NO_TIME_SAID}/ItemProcessor/States/A/Timestamp"],
    ),
    (machine("A", A=NO_TIME | {"Timestamp": "2016-03-05T21:29:29.5Z"}), []),
    (machine("A", A=NO_TIME | {"Timestamp": "{% $now() %}"}), []),
    (machine("A", A=to("B"), B={"Type": "Succeed"}), []),
    (
        machine("A", A=to("X"), B=END),
        [
            f"{TARGET}Missing 'Next' target: X at /States/A/Next",
            f'{TARGET}State "B" is not reachable. at /States/B',
        ],
    ),
    (
        machine("X", A=END),
        [
            f"{TARGET}Missing 'Next' target: X at /StartAt",
            f'{TARGET}State "A" is not reachable. at /States/A',
        ],
    ),
    (machine("A", A=to("B"), B=to("A")), ["MISSING_END_STATE: Workflow has no terminal state"]),
    (
        machine("A", A=to("X")),
        [
            f"{TARGET}Missing 'Next' target: X at /States/A/Next",
            "MISSING_END_STATE: Workflow has no terminal state",
        ],
    ),
    (
        machine("C", C=CHOICE, Y=END),
        [f"{TARGET}Missing 'Next' target: Z at /States/C/Default"],
    ),
    (
        machine("T", T={"Type": "Task", "Catch": [{"Next": "X"}], "End": True}),
        [f"{TARGET}Missing 'Next' target: X at /States/T/Catch[0]/Next"],
    ),
    (
        machine("C", C={"Type": "Choice", "Choices": [{}], "Default": "Y"}, Y=END),
        [f"{SCHEMA}These fields are required: [Next] at /States/C/Choices[0]"],
    ),
    ({"States": {"A": END}}, [f"{SCHEMA}These fields are required: [StartAt] at /"]),
    (
        machine("P", P={"Type": "Parallel", "Branches": [machine("A", A=to("P"))], "End": True}),
        [
            f"{TARGET}Missing 'Next' target: P at /States/P/Branches[0]/States/A/Next",
            "MISSING_END_STATE: Workflow has no terminal state",
        ],
    ),
]


@pytest.mark.parametrize(("definition", "said"), CASES)
def test_the_structure_is_followed(definition: Any, said: list[str]) -> None:
    assert [str(each) for each in problems(json.dumps(definition))] == said


@pytest.mark.parametrize("text", ["", "{", "[]", '"a"', "1"])
def test_what_is_no_object_is_no_definition(text: str) -> None:
    (found,) = problems(text)

    assert found.code == "INVALID_JSON_DESCRIPTION"


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "arn:aws:states:::sagemaker:createTrainingJob.sync",
        "arn:aws:states:us-east-1:123456789012:activity:a",
    ],
)
def test_express_machines_wait_for_nothing(resource: str) -> None:
    definition = json.dumps(machine("A", A={"Type": "Task", "Resource": resource, "End": True}))

    assert problems(definition) == []
    (found,) = problems(definition, express=True)
    assert found.message.startswith("Express state machine does not support")
    assert found.location == "/States/A/Resource"
