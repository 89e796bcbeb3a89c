"""The expressions that Step Functions refuses before they run."""

import pytest

from local_aws.stepfunctions.language.objections import objection


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("$a[1,2)", 'Expected "]", got ","'),
        ("'open", "String literal must be terminated by a matching quote"),
        ("1 +", "Unexpected end of expression"),
        ("{'a':}", 'The symbol "}" cannot be used as a unary operator'),
        ("$match('a', /abc", "No terminating / in regular expression"),
    ],
)
def test_what_does_not_parse_is_refused(expression: str, text: str) -> None:
    assert objection(expression, "Output") == f"INVALID_JSONATA_EXPRESSION: {text}"


@pytest.mark.parametrize(
    ("expression", "name"),
    [
        ("phone", "phone"),
        ("phone.number", "phone"),
        ("[1, {'a': b}]", "b"),
        ("$f(b)", "b"),
        ("b ~> $f", "b"),
        ("$x ? y : 1", "y"),
        ("($y := 1; $y + z)", "z"),
        ("$map($states.input.a, function($x) { b })", "b"),
        ("-a", "a"),
        ("$", "$"),
    ],
)
def test_there_is_no_context_to_read(expression: str, name: str) -> None:
    assert objection(expression, "Output") == (
        f"UNSUPPORTED_JSONATA_EXPRESSION: Reference to '{name}' at the top level is not supported."
    )


@pytest.mark.parametrize(
    "expression",
    [
        "$states.input.phone[0].number",
        "$states.input.a[b = 1].c",
        "$states.input.a[$ > 1]",
        "$states.input.a^(>b)",
        "$states.input.a{b: c}",
        "$states.input.a.(b * c)",
        "$states.input.a.{'k': v}",
        "$states.input ~> |a|{'b': c}|",
        "$map($states.input.a, function($x) { $x.b })",
        "$states.result.a",
        "(" * 3000 + "1" + ")" * 3000,
    ],
)
def test_a_name_in_a_value_is_taken(expression: str) -> None:
    assert objection(expression, "Output/a") is None


@pytest.mark.parametrize(
    ("expression", "field", "part"),
    [
        ("$states.errorOutput.Cause", "Output", "errorOutput"),
        ("$sum($states.result.a)", "Arguments/a", "result"),
        ("$states.result", "Catch[0]/Output", "result"),
    ],
)
def test_states_has_no_part_that_is_not_there_yet(expression: str, field: str, part: str) -> None:
    assert objection(expression, field) == (
        f"UNSUPPORTED_JSONATA_EXPRESSION: Field '$states.{part}' does not exist."
    )


def test_who_catches_has_the_error() -> None:
    assert objection("$states.errorOutput.Cause", "Catch[0]/Assign/cause") is None


def test_nothing_has_the_root() -> None:
    assert objection("$$.a", "Output") == (
        "UNSUPPORTED_JSONATA_EXPRESSION: Reference to '$$' is not supported."
    )
