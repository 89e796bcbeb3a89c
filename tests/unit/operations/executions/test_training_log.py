"""Epochs out of CloudWatch Logs."""

import pytest

from operations.executions.training_log import TrainingLog, parse
from tests.fakes.terminal import FakeLogs

LINE = (
    "epoch=3/10; loss=0.301200; accuracy=0.891200; val_loss=0.290000; val_accuracy=0.895500; "
    "seconds=11.2;"
)


def line(number: int) -> str:
    return f"epoch={number}/5; loss=0.{number}; seconds=1.0;"


def test_the_contracts_line_is_an_epoch() -> None:
    epoch = parse(LINE)
    assert epoch is not None
    assert (epoch.number, epoch.of) == (3, 10)
    assert epoch.figures["val_accuracy"] == 0.8955
    expected = "loss 0.3012  accuracy 0.8912  val_loss 0.2900  val_accuracy 0.8955  11.2 s"
    assert str(epoch) == expected


@pytest.mark.parametrize(
    "text", ["", "Epoch 3/10", "epoch=3/10", "epoch=3/10; loss=oops;", "myepoch=1/2; loss=0.1;"]
)
def test_other_lines_are_not(text: str) -> None:
    assert parse(text) is None


def test_a_nan_loss_is_shown_as_it_is() -> None:
    epoch = parse("epoch=1/2; loss=nan;")
    assert epoch is not None
    assert str(epoch) == "loss nan"


def test_a_job_that_has_not_logged_has_no_epochs() -> None:
    logs = FakeLogs(None)
    log = TrainingLog(logs, "job")
    assert log.epochs() == []
    logs.streams = {}
    assert log.epochs() == []


def test_the_log_is_read_on_from_where_it_was_left() -> None:
    stream = ["starting", line(1), "noise", line(2), line(3)]
    logs = FakeLogs({"job/algo-1-1700000000": stream, "another-job": [line(5)]})
    log = TrainingLog(logs, "job")
    assert [epoch.number for epoch in log.epochs()] == [1, 2, 3]
    reads = logs.reads
    stream.append(line(4))
    assert [epoch.number for epoch in log.epochs()] == [1, 2, 3, 4]
    assert logs.reads - reads == 2


def test_an_epoch_that_is_repeated_after_a_resume_counts_once() -> None:
    logs = FakeLogs({"job/algo-1": [line(1), line(2), line(2)]})
    assert [epoch.number for epoch in TrainingLog(logs, "job").epochs()] == [1, 2]
