"""JSONata as Step Functions evaluates it, without a server."""

import re
from typing import Any

import pytest

from local_aws.stepfunctions.language.jsonata import evaluate
from local_aws.stepfunctions.language.jsonata_errors import (
    QueryError,
    UndefinedError,
    UnsupportedResultError,
)

ORDER = {"id": 7, "rows": [{"n": 1}, {"n": 2}], "tags": ["new"], "note": None, "price": 2.0}
KNOWN = {"states": {"input": ORDER, "context": {}}, "nothing": None, "one": [1], "text": 'a"b\\'}
ROW = "$states.input.rows"
THREW = "threw an error during evaluation"


def refused(expression: str) -> str:
    with pytest.raises(QueryError) as found:
        evaluate(expression, KNOWN)
    return str(found.value)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$states.input", ORDER),
        (f"{ROW}.n", [1, 2]),
        (f"{ROW}[n=2]", {"n": 2}),  # a sequence of one is what it has
        (f"[{ROW}[n=2]]", [{"n": 2}]),
        (f"{ROW}[n=2][]", [{"n": 2}]),
        ("$states.input.tags", ["new"]),  # an array of one stays one
        ("$one", [1]),
        ("$states.input.note", None),
        ("$nothing", None),
        ("$exists($states.input.note)", True),
        ("$exists($states.input.notes)", False),
        ("$text & 'c'", 'a"b\\c'),
        ("$contains('hello$world', /^hello\\$/)", True),
        ("$variable := 1", 1),
        (f"$map({ROW}, function($row, $i) {{ $row.n * $i }})", [0, 2]),
    ],
)
def test_a_result_is_the_json_of_it(expression: str, value: Any) -> None:
    assert evaluate(expression, KNOWN) == value


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("6 + 1", "7"),
        ("10 / 5", "2"),
        ("5.5 % 2", "1.5"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("$states.input.price", "2"),
        ("[$states.input.price]", "[2]"),
        ("$string(0.1 + 0.2)", "0.3"),
        ("$string(1e20)", "100000000000000000000"),
        ("$string(1e21)", "1e+21"),
        ("$string(12345678901234567)", "12345678901234600"),
        ("'' & 0.00000015", "1.5e-7"),
        ("$string({'a': [1.0, null, true, 'ä']})", '{"a":[1,null,true,"ä"]}'),
        ("1/0", "Infinity"),
        ("-1/0", "-Infinity"),
        ("1e308 * 10", "Infinity"),
        ("7 % 0", "NaN"),
        ("$number('0x1F')", "31"),
        ("$number('1e3')", "1000"),
        ("$power(2, 0.5)", "1.4142135623730951"),
    ],
)
def test_a_number_keeps_its_kind(expression: str, text: str) -> None:
    assert str(evaluate(expression, KNOWN)) == text


@pytest.mark.parametrize("expression", ["$states.input.notes", "$unknown", "$$", "$", "$parse()"])
def test_what_finds_nothing_is_no_null(expression: str) -> None:
    with pytest.raises(UndefinedError, match=r"returned nothing \(undefined\)\.$"):
        evaluate(expression, KNOWN)


@pytest.mark.parametrize("expression", ["$f := function($x){$x}", "$sum", "{'f': $sum}", "/a/"])
def test_a_function_is_no_result(expression: str) -> None:
    with pytest.raises(UnsupportedResultError, match=r"returned an unsupported result type\.$"):
        evaluate(expression, KNOWN)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("$f($states.input.id)", "T1006: Attempted to invoke a non-function"),
        ("$eval('1')", "T1006: Attempted to invoke a non-function"),
        ("'a' + 1", 'T2001: The left side of the "+" operator must evaluate to a number'),
        (
            "1 < 'a'",
            'T2009: The values 1 and "a" either side of operator "<" must be of the same data type',
        ),
        (
            "$substring('abc', 'x')",
            'T0410: Argument 2 of function "substring" does not match function signature',
        ),
        (
            "$uppercase(null)",
            'T0410: Argument 1 of function "uppercase" does not match function signature',
        ),
        ("$sum(['a'])", 'T0412: Argument 1 of function "sum" must be an array of "numbers"'),
        ("-$text", 'D1002: Cannot negate a non-numeric value: "a\\"b\\\\"'),
        ("$number('x')", 'D3030: Unable to cast value to a number: "x"'),
        ("$error('no such order')", "D3137: no such order"),
        ("1 +", "S0207: Unexpected end of expression"),
    ],
)
def test_an_error_has_the_text_of_the_reference(expression: str, text: str) -> None:
    assert refused(expression) == f"{THREW}. {text}"


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("$toMillis('now')", "D3110"),
        ("$power(10, 1000)", "D3061"),
        ("$sort([3, 'a'])", "D3070"),
        ("$partition([1], -1)", "D3137"),
        ("$hash('a', 'CRC')", "D3137"),
        ("$parse('{')", "D3137"),
        ('$parse(\'{"a":1,"a":2}\')', "D3137"),
        ("$parse(null)", "T0410"),
        ("$map([1, 2], $parse)", "T0410"),
        ("$range(1)", "T0410"),
        ("$range(1, 2, 1, 1)", "T0410"),
    ],
)
def test_no_error_of_python_shows(expression: str, code: str) -> None:
    assert refused(expression).startswith(f"{THREW}. {code}: ")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$partition([1, 2, 3, 4, 5], 2)", [[1, 2], [3, 4], [5]]),
        ("$partition([1, 2, 3], 2.9)", [[1, 2], [3]]),
        ("$partition([1, 2, 3])", [[1, 2, 3]]),
        ("$range(0, 10, 2)", [0, 2, 4, 6, 8, 10]),
        ("$range(10, 0, -5)", [10, 5, 0]),
        ("$range(-1.7, 2, 1)", [-1, 0, 1, 2]),
        ("$range(3, 3, 1)", 3),
        ("$hash('input', 'SHA-1')", "140f86aae51ab9e1cda9b4254fe98a74eb54c1a1"),
        ("$random(42)", 0.7275636800328681),  # the first of java.util.Random
        ("$random() != $random()", True),
        ("$uuid() != $uuid()", True),
        ("$parse('{\"a\": [1, null]}').a", [1, None]),
        ("$exists($parse('null'))", True),
    ],
)
def test_the_functions_of_step_functions(expression: str, value: Any) -> None:
    assert evaluate(expression, KNOWN) == value


def test_a_uuid_is_one_of_version_four() -> None:
    assert re.fullmatch(r"[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab].*", evaluate("$uuid()", {}))


@pytest.mark.parametrize(
    "expression", ["$partition([], 2)", "$partition([1], 0)", "$range(5, 1, 1)", "$range(1, 5, 0)"]
)
def test_an_array_of_nothing_is_undefined(expression: str) -> None:
    with pytest.raises(UndefinedError):
        evaluate(expression, KNOWN)


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("($f := function($x) { 1 + $f($x) }; $f(1))", "Stack overflow error: Check for"),
        ("+".join(["1"] * 102), "Stack overflow error: Check for"),
        ("(" * 3000 + "1" + ")" * 3000, "Stack overflow error: Check for"),
        ("$count([1..900000])", "Expression evaluation memory limit exceeded: Check for"),
        ("$count($range(1, 360146, 1))", "Expression evaluation memory limit exceeded: Check"),
        ("$pad('x', 1e10)", "Expression evaluation memory limit exceeded: Check for"),
        (
            "($d := function($s) { $d($s & $s) }; $d('x'))",
            "Expression evaluation memory limit exceeded: Check for",
        ),
    ],
)
def test_an_evaluation_is_bounded(expression: str, text: str) -> None:
    assert refused(expression).startswith(f"{THREW}: {text}")


def test_an_evaluation_ends() -> None:
    with pytest.raises(QueryError, match="Expression evaluation timeout: Check for infinite loop"):
        evaluate("($f := function($x) { $f($x + 1) }; $f(1))", {}, longest=0.1)


def test_as_deep_as_aws_goes_is_not_too_deep() -> None:
    assert evaluate("+".join(["1"] * 100), {}) == 100


def test_the_variables_stay_as_they_are() -> None:
    rows = [{"n": 1}]

    assert evaluate("$rows ~> |$|{'n': 2}|", {"rows": rows}) == [{"n": 2}]
    assert rows == [{"n": 1}]
