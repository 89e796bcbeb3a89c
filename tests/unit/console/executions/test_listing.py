"""The list of executions: what is asked for, what is kept, and what is shown of it."""

import json
from datetime import timedelta
from typing import Any

import pytest

from console.executions.listing import Details, Executions, details
from console.executions.origin import origin
from console.executions.table import SEARCHED_AT_ONCE, SIZE, Filter, view
from lambdas.gate.verdicts import REJECTED_ERROR
from tests.fakes.console import BEGIN, MACHINE, FakeExecutions, arn_of
from tests.fakes.s3 import FakeS3

BUCKET = "bucket"
RUN = {
    "dataset": {"name": "digits"},
    "quality_gate": {"decision": "register", "metrics": {"accuracy": 0.97}},
}


@pytest.fixture
def states() -> FakeExecutions:
    return FakeExecutions()


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3(BUCKET)


@pytest.fixture
def executions(states: FakeExecutions, s3: FakeS3) -> Executions:
    return Executions(states, s3, MACHINE, BUCKET)  # type: ignore[arg-type]


def asked(states: FakeExecutions, operation: str) -> int:
    return sum(name == operation for name, _ in states.calls)


def names(executions: Executions) -> list[str]:
    return [each.name for each in executions.listed()]


def test_they_are_listed_newest_first_over_all_pages(
    states: FakeExecutions, executions: Executions
) -> None:
    for number in range(1500):
        states.add(f"run-{number}")
    assert names(executions) == [f"run-{number}" for number in range(1499, -1, -1)]
    assert asked(states, "ListExecutions") == 2


def test_later_only_news_are_asked_for(states: FakeExecutions, executions: Executions) -> None:
    for number in range(1500):
        states.add(f"run-{number}")
    executions.listed()
    states.calls.clear()
    states.add("newer", "RUNNING")
    assert names(executions)[0] == "newer"
    assert asked(states, "ListExecutions") == 2  # the newest, and those that run
    states.described[arn_of("newer")] |= {"status": "FAILED", "stopDate": BEGIN}
    assert executions.listed()[0].status == "FAILED"


def test_an_old_one_that_was_redriven_runs_again_and_ends(
    states: FakeExecutions, executions: Executions
) -> None:
    old = states.add("old", "FAILED")
    for number in range(150):
        states.add(f"run-{number}")
    assert executions.listed()[-1].status == "FAILED"
    states.described[old]["status"] = "RUNNING"
    assert executions.listed()[-1].status == "RUNNING"
    states.described[old]["status"] = "SUCCEEDED"
    assert executions.listed()[-1].status == "SUCCEEDED"


def test_one_that_is_gone_is_listed_no_more(states: FakeExecutions, executions: Executions) -> None:
    states.add("stays")
    gone = states.add("goes", "RUNNING")
    executions.listed()
    del states.described[gone]
    assert names(executions) == ["stays"]


def test_only_what_is_shown_is_described_and_once_if_it_has_ended(
    states: FakeExecutions, executions: Executions
) -> None:
    for number in range(100):
        states.add(f"run-{number}")
    states.add("running", "RUNNING")
    seen = view(executions, Filter(), 1)
    assert (len(seen.rows), seen.pages, seen.total) == (SIZE, 5, 101)
    assert asked(states, "DescribeExecution") == SIZE
    states.calls.clear()
    view(executions, Filter(), 1)
    assert asked(states, "DescribeExecution") == 1  # of the one that runs


def test_a_text_is_looked_for_in_names_at_once_and_in_the_rest_bit_by_bit(
    states: FakeExecutions, executions: Executions
) -> None:
    by_ann = json.dumps({"requested_by": "Ann", "reason": "new images"})
    for number in range(SEARCHED_AT_ONCE + 50):
        states.add(f"run-{number}", input=by_ann if number == 0 else "{}")
    assert view(executions, Filter("run-0"), 1).found == 1
    seen = view(executions, Filter("new IMAGES"), 1)
    assert seen.searched <= seen.candidates
    seen = view(executions, Filter("new IMAGES"), 1)
    assert [row.execution.name for row in seen.rows] == ["run-0"]
    assert seen.searched == seen.candidates == SEARCHED_AT_ONCE + 50


def test_a_page_beyond_the_last_is_the_last(states: FakeExecutions, executions: Executions) -> None:
    states.add("one", "FAILED")
    states.add("two")
    seen = view(executions, Filter(status="FAILED"), 7, BEGIN + timedelta(hours=1))
    assert (seen.page, [row.execution.name for row in seen.rows]) == (1, ["one"])
    assert seen.rows[0].seconds == 30


def test_of_a_rejected_run_its_decision_file_tells_the_accuracy(
    states: FakeExecutions, executions: Executions, s3: FakeS3
) -> None:
    states.add("digits-1", "FAILED", error=REJECTED_ERROR, input='{"dataset": "digits"}')
    s3.upload(BUCKET, "runs/digits-1/decision.json", b'{"metrics": {"accuracy": 0.5}}')
    states.add("digits-2", "FAILED", error=REJECTED_ERROR)
    s3.upload(BUCKET, "runs/digits-2/decision.json", b"broken")
    first, second = executions.describe(reversed(executions.listed())).values()
    assert (first.decision, first.accuracy, first.dataset) == ("reject", 0.5, "digits")
    assert (second.decision, second.accuracy) == ("reject", None)


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ({"output": json.dumps(RUN)}, Details("Step Functions", "", "digits", "register", 0.97)),
        ({"output": '{"outcome": "superseded"}'}, Details("Step Functions", decision="superseded")),
        ({"output": '"text"', "input": "[1]"}, Details("Step Functions")),
        (
            {"output": '{"quality_gate": [1], "dataset": 3}'},
            Details("Step Functions", problem="quality_gate is a list, expected an object"),
        ),
        ({"input": '{"requested_by": "a\\nb"}'}, Details("a b")),
    ],
)
def test_a_description_is_read_with_care(described: dict[str, Any], expected: Details) -> None:
    assert details({"executionArn": arn_of("x"), "status": "SUCCEEDED", **described}) == expected


@pytest.mark.parametrize(
    ("asked", "started_by"),
    [
        ("{}", "Step Functions"),
        ('{"trigger": "upload"}', "Upload"),
        ('{"trigger": "schedule", "requested_by": "schedule"}', "schedule"),
        ('{"trigger": "start_retraining"}', "start_retraining"),
        ('{"trigger": "start_retraining", "requested_by": "ann"}', "ann"),
        ('{"trigger": 3}', "Step Functions"),
        ("no JSON", "Step Functions"),
        ("[" * 100_000, "Step Functions"),
    ],
)
def test_who_started_an_execution(asked: str, started_by: str) -> None:
    assert origin(asked).started_by == started_by
