"""Every kind of state that the Data Science SDK renders, run."""

from typing import Any

import pytest
from stepfunctions import steps

from tests.e2e.sdk.conftest import Run

pytestmark = pytest.mark.slow

PAST = "2019-09-04T01:59:00Z"


def test_pass(run: Run) -> None:
    assert run(steps.Pass("Pass", result="done"))["output"] == "done"


def test_each_way_to_wait(run: Run) -> None:
    ended = run(
        steps.Pass("Begin", parameters={"until": PAST, "seconds": 1}),
        steps.Wait("Seconds", seconds=1),
        steps.Wait("Timestamp", timestamp=PAST),
        steps.Wait("TimestampPath", timestamp_path="$.until"),
        steps.Wait("SecondsPath", seconds_path="$.seconds"),
    )

    assert ended["output"] == {"until": PAST, "seconds": 1}


def test_parallel(run: Run) -> None:
    both = steps.Parallel("Both")
    both.add_branch(steps.Pass("Left", result=1))
    both.add_branch(steps.Pass("Right", result=2))

    assert run(both)["output"] == [1, 2]


def test_map(run: Run) -> None:
    each = steps.Map("Each", items_path="$.numbers", iterator=steps.Pass("Same"), max_concurrency=0)

    assert run(each, inputs={"numbers": [1, 2, 3]})["output"] == [1, 2, 3]


def test_map_with_placeholders(run: Run) -> None:
    each = steps.Map(
        "Each",
        items_path="$$.Execution.Input.people",
        iterator=steps.Pass("Same"),
        parameters={
            "Index.$": "$$.Map.Item.Index",
            "Name.$": "$$.Map.Item.Value.name",
            "Age.$": "$$.Map.Item.Value.age",
        },
    )

    ended = run(each, inputs={"people": [{"name": "Ada", "age": 36}, {"name": "Alan", "age": 41}]})

    assert ended["output"] == [
        {"Index": 0, "Name": "Ada", "Age": 36},
        {"Index": 1, "Name": "Alan", "Age": 41},
    ]


@pytest.mark.parametrize(("number", "output"), [(1, "one"), (2, "two")])
def test_choice(run: Run, number: int, output: str) -> None:
    assert run(choice(), inputs={"number": number})["output"] == output


def test_a_choice_that_nothing_fits(run: Run) -> None:
    ended = run(choice(), inputs={"number": 3})

    assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", "Unknown", "no match")


def choice() -> Any:
    of = steps.Choice("Choice")
    for value, word in ((1, "one"), (2, "two")):
        rule = steps.ChoiceRule.NumericEquals(variable="$.number", value=value)
        of.add_choice(rule, steps.Pass(word, result=word))
    of.default_choice(steps.Fail("None", error="Unknown", cause="no match"))
    return of


def test_an_indexed_path_is_a_value(run: Run) -> None:
    good = steps.ChoiceRule.NumericLessThan(variable="$.metrics[0].value", value=0.1)
    of = steps.Choice("Choice")
    of.add_choice(good, steps.Pass("Good", result="good"))
    of.default_choice(steps.Fail("Bad", error="Bad"))

    assert run(of, inputs={"metrics": [{"value": 0.05}]})["output"] == "good"
