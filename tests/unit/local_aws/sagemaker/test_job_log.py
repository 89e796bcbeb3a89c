import io
from pathlib import Path
from typing import Any

import pytest

from local_aws.sagemaker.job_log import JobLog, Metrics

DEFINITIONS = [
    {"Name": "train:loss", "Regex": "; loss=([^;]+);"},
    {"Name": "validation:loss", "Regex": "; val_loss=([^;]+);"},
]


def values(metrics: Metrics) -> dict[str, float]:
    return {item["MetricName"]: item["Value"] for item in metrics.final()}


def test_the_last_value_of_each_metric_counts() -> None:
    metrics = Metrics(DEFINITIONS)

    metrics.observe("epoch=1/2; loss=0.9; accuracy=0.5; val_loss=0.8;")
    metrics.observe("epoch=2/2; loss=0.3; accuracy=0.8; val_loss=n/a;")

    assert values(metrics) == {"train:loss": 0.3, "validation:loss": 0.8}


def test_a_metric_that_never_appeared_is_not_reported() -> None:
    metrics = Metrics([*DEFINITIONS, {"Name": "no group", "Regex": "epoch"}])

    metrics.observe("epoch=1/2;")

    assert metrics.final() == []


class Trickle(io.RawIOBase):
    """A stream that gives its pieces one read at a time."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = list(pieces)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        piece = self._pieces.pop(0) if self._pieces else b""
        buffer[: len(piece)] = piece
        return len(piece)


@pytest.fixture
def events() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def log(tmp_path: Path, events: list[dict[str, Any]]) -> JobLog:
    return JobLog(tmp_path / "job.log", events.extend)


def test_lines_are_put_together_across_reads(
    log: JobLog, tmp_path: Path, events: list[dict[str, Any]]
) -> None:
    pieces = (b"one\ntw", b"o; loss=0.", b"5;\n\r\n\xff\xfe\n", b"end")
    metrics = Metrics(DEFINITIONS)

    log.follow(io.BufferedReader(Trickle(*pieces)), metrics)

    assert (tmp_path / "job.log").read_bytes() == b"".join(pieces)
    assert [event["message"] for event in events] == ["one", "two; loss=0.5;", "��", "end"]
    assert values(metrics) == {"train:loss": 0.5}


def test_output_without_line_ends_does_not_pile_up(
    log: JobLog, events: list[dict[str, Any]]
) -> None:
    log.follow(io.BufferedReader(io.BytesIO(b"x" * 600_000)), Metrics([]))

    sizes = [len(event["message"]) for event in events]
    assert max(sizes) <= 256 * 1024 - 26
    assert sum(sizes) == 600_000
