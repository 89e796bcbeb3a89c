"""One execution: its history read from the newest back, its stays, its bars."""

from datetime import timedelta
from typing import Any

import pytest

from console.executions.changes import inputs
from console.executions.curves import in_words, options
from console.executions.history import FIRST, NEWS, PAGE, History
from console.executions.job_log import LOOK_AGAIN, TAIL, JobLog
from console.executions.offers import offers
from console.executions.reader import Reader, Readers
from console.executions.timeline import MOST, lines
from console.executions.visits import Visits
from lambdas.gate.verdicts import REJECTED_ERROR
from operations.errors import NoExecutionError
from operations.executions.training_log import Epoch
from operations.executions.view import ExecutionView, Work
from tests.fakes import histories
from tests.fakes.console import FakeExecutions, FakeLogs, arn_of
from tests.fakes.histories import ARN, START, registered


def long_history(count: int) -> list[dict[str, Any]]:
    """Waits, until there are so many events."""
    history = histories.History()
    while len(history.events) < count:
        history.enter("WaitForTurn", "Wait").add("WaitStateExited", 1.0)
    return history.events[:count]


@pytest.fixture
def states() -> FakeExecutions:
    return FakeExecutions()


def reader(states: FakeExecutions, name: str) -> Reader:
    return Reader(states, FakeLogs(), arn_of(name))  # type: ignore[arg-type]


def test_the_newest_events_come_first_the_older_ones_page_by_page(states: FakeExecutions) -> None:
    states.events = long_history(2 * PAGE + 500)
    history = History(states, ARN)  # type: ignore[arg-type]
    assert len(history.read_news()) == FIRST
    assert history.events[-1]["id"] == 2 * PAGE + 500
    assert not history.complete
    while history.read_older():
        pass
    assert history.complete
    assert [event["id"] for event in history.events] == list(range(1, 2 * PAGE + 501))


@pytest.mark.parametrize("more", [0, 1, NEWS - 1, NEWS, NEWS + 1, 3 * NEWS])
def test_later_only_new_events_are_read(states: FakeExecutions, more: int) -> None:
    events = long_history(700 + more)
    states.events = events[:700]
    history = History(states, ARN)  # type: ignore[arg-type]
    history.read_news()
    history.read_older()
    states.calls.clear()
    states.events = events
    assert [event["id"] for event in history.read_news()] == list(range(701, 701 + more))
    assert len(history.events) == 700 + more
    assert all(request["maxResults"] == NEWS for _, request in states.calls)


def test_an_execution_is_shown_before_all_of_its_events_are_read(states: FakeExecutions) -> None:
    states.add("long", "RUNNING")
    states.events = long_history(5 * PAGE + 2)
    found = reader(states, "long")
    assert found.read().events == FIRST
    view = found.read()
    assert not view.complete
    while not view.complete:
        view = found.read()
    assert view.events == 5 * PAGE + 2
    assert view.view.states[0].name == "WaitForTurn"
    assert [event["id"] for event in found.events(1, 2)] == [5 * PAGE + 1, 5 * PAGE]


def test_one_that_has_ended_is_not_read_again_until_it_is_redriven(states: FakeExecutions) -> None:
    arn = states.add("ended", "FAILED", redriveCount=0)
    history = histories.History().enter("Train")
    states.events = list(history.events)
    found = reader(states, "ended")
    assert found.read().view.states[0].status == "running"  # its end is not in the history yet
    states.events = history.add("ExecutionFailed").events
    first = found.read()
    assert first.view.states[0].status == "failed"
    states.calls.clear()
    assert found.read() is first
    assert [name for name, _ in states.calls] == ["DescribeExecution"]
    states.described[arn] |= {"status": "RUNNING", "redriveCount": 1}
    assert found.read().redrives == 1


def test_what_does_not_exist_is_said(states: FakeExecutions) -> None:
    with pytest.raises(NoExecutionError):
        reader(states, "none").read()


def test_readers_are_shared_and_few() -> None:
    made: list[str] = []
    readers = Readers(made.append)  # type: ignore[arg-type, func-returns-value]
    for arn in ("a", "a", "b", "c", "d", "e", "a"):
        readers.of(arn)
    assert made == ["a", "b", "c", "d", "e", "a"]


def retried_and_redriven() -> histories.History:
    history = histories.History().enter("Train").schedule({"TrainingJobName": "train-0-0"})
    history.fail("Spot", "gone", 5.0).schedule({"TrainingJobName": "train-1-0"})
    history.fail("Broken", "so it is", 3.0).add("ExecutionFailed")
    history.add("ExecutionRedriven", 3600.0).schedule({"TrainingJobName": "train-0-1"})
    return history.succeed({}, 2.0).leave("Train")


def test_retries_and_redrives_are_attempts() -> None:
    visits = Visits()
    visits.add(retried_and_redriven().events)
    first, second = visits.of("Train")
    assert [(a.number, a.status, a.error) for a in first.attempts] == [
        (1, "failed", "Spot"),
        (2, "failed", "Broken"),
    ]
    assert (first.status, second.status, second.redriven) == ("failed", "succeeded", True)
    assert second.attempts[0].number == 3
    assert second.attempts[0].work == Work("train-0-1", "/aws/sagemaker/TrainingJobs", is_job=True)


def test_the_night_before_a_redrive_takes_no_room() -> None:
    events = retried_and_redriven().events
    visits = Visits()
    visits.add(events)
    ended, resumed = events[-6]["timestamp"], events[-5]["timestamp"]
    assert (resumed - ended) == timedelta(hours=1)
    view = ExecutionView(ARN, "SUCCEEDED", START, events[-1]["timestamp"], (), ((ended, resumed),))
    (line,) = lines(visits.all, view, START)
    assert [(bar.status, round(bar.start, 2), round(bar.end, 2)) for bar in line.bars] == [
        ("failed", 0.0, 0.5),
        ("failed", 0.5, 0.8),
        ("succeeded", 0.8, 1.0),
    ]
    assert (line.attempts, line.redrives, line.seconds) == (3, 1, 10.0)


def test_thousands_of_stays_are_few_bars() -> None:
    visits = Visits()
    events = long_history(25_000)
    visits.add(events)
    view = ExecutionView(ARN, "RUNNING", START, events[-1]["timestamp"])
    (line,) = lines(visits.all, view, START)
    assert line.attempts == 12_500
    assert len(line.bars) <= MOST
    assert line.bars[0].times > 1


def found_of(states: FakeExecutions, history: histories.History, **described: Any) -> Any:
    states.add("x", **described)
    states.events = history.events
    return reader(states, "x").read()


@pytest.mark.parametrize(
    ("described", "possible"),
    [
        ({"status": "RUNNING"}, ["stop"]),
        ({"status": "SUCCEEDED"}, ["again"]),
        ({"status": "FAILED", "redriveStatus": "REDRIVABLE"}, ["redrive", "again"]),
        ({"status": "ABORTED", "redriveStatus": "REDRIVABLE"}, ["redrive", "again"]),
        ({"status": "FAILED", "redriveStatus": "NOT_REDRIVABLE"}, ["again"]),
        (
            {"status": "FAILED", "redriveStatus": "REDRIVABLE", "error": REJECTED_ERROR},
            ["again"],
        ),
    ],
)
def test_what_makes_sense_is_offered(
    states: FakeExecutions, described: dict[str, Any], possible: list[str]
) -> None:
    found = found_of(states, registered(), **described)
    offered = vars(offers(found, read_only=False))
    assert [name for name, why_not in offered.items() if not why_not] == possible
    assert all(vars(offers(found, read_only=True)).values())


def test_the_inputs_name_the_data_that_the_run_took(states: FakeExecutions) -> None:
    plan = histories.RUN | {"dataset": {"name": "digits", "fingerprint": "ab"}}
    history = histories.History().function("PrepareRun", "retrain-dev-prepare_run", plan)
    asked = '{"hyperparameters": {"epochs": 2}, "requested_by": "ann", "trigger": "topic"}'
    assert inputs(found_of(states, history, input=asked)) == {
        "hyperparameters": {"epochs": 2},
        "dataset": "digits",
        "fingerprint": "ab",
    }
    assert inputs(found_of(states, history, input='{"reproduce": "r"}')) == {"reproduce": "r"}


def test_a_run_record_that_is_not_ours_hides_nothing_else(states: FakeExecutions) -> None:
    history = histories.History().function(
        "PrepareRun", "f", {"steps": {"Train": 5}, "run_id": "r"}
    )
    found = found_of(states, history)
    assert found.run.problems == ("PrepareRun's answer: steps: Train is 5, expected an object",)
    assert found.run.run_id == "r"
    assert found.view.states[0].status == "succeeded"


def test_the_gate_is_read_from_the_history(states: FakeExecutions) -> None:
    run = found_of(states, registered()).run
    assert run.decision == "register"
    assert [(rule.rule, rule.held, rule.value) for rule in run.rules] == [
        ("accuracy >= 0.85", True, 0.9722)
    ]


def test_curves_have_two_lines_each() -> None:
    epochs = [Epoch(n, 5, {"loss": 1 / n, "val_loss": 2 / n, "seconds": 1.0}) for n in (1, 2)]
    chart = options("loss", epochs)
    assert [series["data"] for series in chart["series"]] == [
        [[1, 1.0], [2, 0.5]],
        [[1, 2.0], [2, 1.0]],
    ]
    assert chart["xAxis"]["max"] == 5
    assert in_words(epochs).startswith("Epoch 2 of 5: loss 0.5000")
    assert options("accuracy", ())["series"][0]["data"] == []


@pytest.mark.parametrize(("count", "dots"), [(60, True), (61, False)])
def test_a_long_training_is_a_line_without_dots(count: int, dots: bool) -> None:
    epochs = [Epoch(n, 300, {"loss": 1 / n}) for n in range(1, count + 1)]

    assert options("loss", epochs)["series"][0]["showSymbol"] is dots


def test_a_log_grows_at_its_end_and_is_paged_at_its_beginning() -> None:
    written = [f"line {n}" for n in range(500)]
    logs = FakeLogs(job__host=written)
    log = JobLog(logs, Work("job", "/aws/sagemaker/TrainingJobs", is_job=True))  # type: ignore[arg-type]
    assert log.tail() == tuple(written[-TAIL:])
    written.append("\x1b[31mnew\n")
    assert log.tail()[-1] == " [31mnew"
    assert log.has_earlier
    log.earlier()
    assert log.earlier()[0] == "line 0"
    log.earlier()
    assert not log.has_earlier
    assert log.tail()[0] == "line 0"


def test_lines_of_several_hosts_are_told_apart() -> None:
    logs = FakeLogs(job__algo_1=["a", "b"])
    log = JobLog(logs, Work("job", "/aws/sagemaker/TrainingJobs", is_job=True))  # type: ignore[arg-type]
    assert log.tail() == ("a", "b")
    logs.streams["job/algo_2"] = ["c"]
    for _ in range(LOOK_AGAIN):
        lines = log.tail()
    assert lines == ("algo_1  a", "algo_2  c", "algo_1  b")


def test_a_job_without_a_log_has_no_lines() -> None:
    work = Work("job", "/aws/sagemaker/TrainingJobs", is_job=True)
    assert JobLog(FakeLogs(jobless__host=["x"]), work).tail() == ()  # type: ignore[arg-type]
