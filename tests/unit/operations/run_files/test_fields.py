"""The members of an object that others wrote: in their type, or named as a problem."""

from typing import Any

import pytest

from operations.run_files.fields import LONGEST, MOST, MOST_PROBLEMS, Fields

HUGE = 10**4999


def fields(content: Any) -> tuple[Fields, list[str]]:
    problems: list[str] = []
    return Fields(content, "run.json", problems), problems


def test_what_is_missing_or_null_is_none_and_no_problem() -> None:
    found, problems = fields({"a": None})
    for name in ("a", "b"):
        assert found.text(name) is found.number(name) is found.count(name) is None
        assert found.truth(name) is None
        assert (found.texts(name), found.numbers(name), found.lines(name)) == ({}, {}, ())
        assert (list(found.each(name)), found.inner(name).names()) == ([], [])
    assert problems == []


@pytest.mark.parametrize(
    "wrong",
    [HUGE, 2**64, -HUGE, float("nan"), float("inf"), True, "1", [], {}],
    ids=lambda _: "wrong",  # thousands of digits are no text that pytest can show
)
def test_numbers_are_finite_and_no_larger_than_anything_sane(wrong: Any) -> None:
    found, problems = fields({"n": wrong})
    assert (found.number("n"), found.count("n")) == (None, None)
    assert [problem.startswith("run.json: n is ") for problem in problems] == [True, True]
    assert all(problem.isprintable() and len(problem) < 200 for problem in problems)


def test_a_count_is_whole_and_not_negative() -> None:
    for wrong in (0.5, -1):
        found, problems = fields({"n": wrong})
        assert found.count("n") is None
        assert problems == [f"run.json: n is {wrong}, expected a whole number"]


def test_texts_are_printable_and_cut() -> None:
    found, _ = fields({"t": "a\x1b[2J\n\ud800\u202eb" + "c" * 2 * LONGEST})
    text = found.text("t")
    assert text is not None
    assert text.startswith("a [2J   b")
    assert (text.isprintable(), len(text)) == (True, LONGEST)


def test_members_are_named_by_their_place() -> None:
    found, problems = fields({"rules": [{"rule": 5}, 6], "paths": {"run": []}, "x\x1b": 1})
    assert [each.text("rule") for each in found.each("rules")] == [None, None]
    assert found.inner("paths").text("run") is None
    assert found.text("x\x1b") is None
    assert problems == [
        "run.json: rules[0]: rule is 5, expected a text",
        "run.json: rules[1] is 6, expected an object",
        "run.json: paths: run is a list, expected a text",
        "run.json: x is 1, expected a text",
    ]


def test_long_lists_and_many_problems_are_cut() -> None:
    found, problems = fields({"l": [{"t": 1}] * (MOST + 1), "m": {str(n): 1 for n in range(9999)}})
    assert len([each.text("t") for each in found.each("l")]) == MOST
    assert len(found.numbers("m")) == MOST
    assert len(problems) == MOST_PROBLEMS


def test_what_is_no_object_at_all_is_said() -> None:
    for content, kind in (([], "a list"), ("x", "'x'"), (5, "5")):
        found, problems = fields(content)
        assert found.text("a") is None
        assert problems == [f"run.json is {kind}, expected an object"]
