"""The history: the log line of the MetricDefinitions, the CSV file, the best epoch."""

import re

import pytest

from fitting import history
from job.errors import DataError

ROW = {
    "epoch": 3,
    "loss": 0.3012,
    "accuracy": 0.8912,
    "val_loss": 0.29,
    "val_accuracy": 0.8955,
    "seconds": 11.24,
}
LINE = (
    "epoch=3/10; loss=0.301200; accuracy=0.891200; "
    "val_loss=0.290000; val_accuracy=0.895500; seconds=11.2;"
)


def test_the_log_line_is_what_the_metric_definitions_read():
    line = history.log_line(ROW, 10)
    assert line == LINE
    for name, value in (("loss", "0.301200"), ("accuracy", "0.891200")):
        assert re.findall(f"; {name}=([^;]+);", line) == [value]
    assert re.findall(r"; val_loss=([^;]+);", line) == ["0.290000"]
    assert re.findall(r"; val_accuracy=([^;]+);", line) == ["0.895500"]


def test_the_file_comes_back(tmp_path):
    history.write(tmp_path / "new", [ROW, {**ROW, "epoch": 4}])
    assert history.read(tmp_path / "new") == [ROW, {**ROW, "epoch": 4}]


def test_no_file_is_no_history(tmp_path):
    assert history.read(tmp_path) == []


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999", "x" * 200_000])
def test_what_is_no_number_is_refused(tmp_path, value):
    history.write(tmp_path, [{**ROW, "loss": value}])
    with pytest.raises(DataError, match=r"history.csv: found .*, expected finite numbers"):
        history.read(tmp_path)


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "epoch,loss\n1,x\n", "\xff,\x00"])
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / "history.csv").write_bytes(content.encode("latin-1") + b"\n1\n")
    with pytest.raises(DataError, match=r"history.csv: found"):
        history.read(tmp_path)


@pytest.mark.parametrize(
    ("scores", "best"),
    [
        ([(0.5, 0.9), (0.7, 0.5), (0.6, 0.1)], 2),  # accuracy decides
        ([(0.7, 0.5), (0.7, 0.4), (0.6, 0.1)], 2),  # then the loss
        ([(0.7, 0.5), (0.7, 0.5)], 1),  # then the earlier
    ],
)
def test_the_best_epoch(scores, best):
    rows = [
        {**ROW, "epoch": epoch, "val_accuracy": accuracy, "val_loss": loss}
        for epoch, (accuracy, loss) in enumerate(scores, start=1)
    ]
    assert history.best_epoch(rows) == best
