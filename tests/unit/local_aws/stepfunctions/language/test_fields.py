"""Where an expression stands in its state, and what it has to give there."""

import json
from typing import Any

import pytest
from antlr4 import CommonTokenStream, InputStream, ParserRuleContext
from moto.stepfunctions.parser.asl.antlr.runtime.ASLLexer import ASLLexer
from moto.stepfunctions.parser.asl.antlr.runtime.ASLParser import ASLParser

from local_aws.stepfunctions.language.fields import (
    expected_type,
    location,
    pointer,
    range_of,
    type_of,
)

MACHINE = {
    "QueryLanguage": "JSONata",
    "StartAt": "Check",
    "States": {
        "Check": {
            "Type": "Choice",
            "Choices": [
                {"Condition": "{% 0 %}", "Next": "Map"},
                {"Condition": "{% 1 %}", "Next": "Map", "Output": {"a": ["x", ["{% 2 %}"]]}},
            ],
        },
        "Map": {
            "Type": "Map",
            "Items": "{% 3 %}",
            "ItemSelector": {"k": "{% 4 %}"},
            "ItemProcessor": {
                "StartAt": "Pass",
                "States": {"Pass": {"Type": "Pass", "Output": ["{% 5 %}"], "End": True}},
            },
            "Assign": {'"x"': {"y": "{% 6 %}"}},
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Map", "Output": "{% 7 %}"}],
            "End": True,
        },
    },
}
FIELDS = [
    "Choices[0]/Condition",
    "Choices[1]/Condition",
    "Choices[1]/Output/a[1][0]",
    "Items",
    "ItemSelector/k",
    "Output[0]",
    'Assign/"x"/y',
    "Catch[0]/Output",
]


def expressions(node: Any) -> list[ParserRuleContext]:
    if isinstance(node, ASLParser.String_jsonataContext):
        return [node]
    children = getattr(node, "children", None) or []
    return [each for child in children for each in expressions(child)]


def test_a_field_is_named_from_its_state_on() -> None:
    tokens = CommonTokenStream(ASLLexer(InputStream(json.dumps(MACHINE))))

    found = expressions(ASLParser(tokens).state_machine())

    assert [location(each) for each in found] == FIELDS
    assert pointer(found[2]) == "/States/Check/Choices[1]/Output/a[1][0]"
    assert pointer(found[5]) == "/States/Map/ItemProcessor/States/Pass/Output[0]"


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("Choices[3]/Condition", "boolean"),
        ("Choices[3]/Output", None),
        ("Items", "array"),
        ("TimeoutSeconds", "number"),
        ("Cause", "string"),
        ("Output/Cause", None),
        ("Arguments/TimeoutSeconds", None),
    ],
)
def test_a_field_takes_its_type(field: str, expected: str | None) -> None:
    assert expected_type(field) == expected


def test_a_number_has_its_range() -> None:
    assert range_of("TimeoutSeconds") == (0, 99_999_999, True)
    assert range_of("ToleratedFailurePercentage") == (0, 100, False)
    assert range_of("Output/TimeoutSeconds") is None


NAMES = {"null": None, "boolean": True, "number": 1, "string": "", "array": [], "object": {}}


def test_a_type_has_its_name() -> None:
    assert {type_of(value): value for value in NAMES.values()} == NAMES
