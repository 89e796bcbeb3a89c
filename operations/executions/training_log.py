"""Epochs as the training job reports them, from its log in CloudWatch."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from operations.executions.view import JOB_LOG_GROUPS

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient

GROUP = JOB_LOG_GROUPS["TrainingJobName"]
# epoch=3/10; loss=0.301200; accuracy=0.891200; val_loss=0.290000; ...; seconds=11.2;
# Whatever a job prints comes here. Numbers of a few digits fit everywhere, and a limit to each part
# keeps the search of a long line short.
_EPOCH = re.compile(r"\bepoch=([0-9]{1,7})/([0-9]{1,7});(.{0,1000})")
_VALUE = re.compile(r"\b([a-z_]{1,40})=([^;\s]{1,40});")
MOST_EPOCHS = 10_000  # kept of one job
_LONG = 1e6  # from here on a figure is written with an exponent


@dataclass(frozen=True)
class Epoch:
    """One epoch that ended: its number from 1, how many there will be, and its figures."""

    number: int
    of: int
    figures: dict[str, float]

    def __str__(self) -> str:
        """The figures in the order of the log, for example `loss 0.3012  accuracy 0.8912`."""
        return "  ".join(
            f"{_readable(value, 1)} s" if name == "seconds" else f"{name} {_readable(value, 4)}"
            for name, value in self.figures.items()
        )


def _readable(value: float, decimals: int) -> str:
    return f"{value:.{decimals}f}" if not abs(value) >= _LONG else f"{value:.3g}"


def parse(line: str) -> Epoch | None:
    """The epoch that the line reports, or None if it reports none."""
    found = _EPOCH.search(line)
    if found is None:
        return None
    number, of, rest = found.groups()
    try:
        figures = {name: float(value) for name, value in _VALUE.findall(rest)}
    except ValueError:
        return None
    return Epoch(int(number), int(of), figures)


class TrainingLog:
    """The growing log of one training job; every call reads only what is new.

    A stream's name is the job's, a slash, and on AWS the host and a time.
    """

    def __init__(self, logs: "CloudWatchLogsClient", job_name: str) -> None:
        self._logs = logs
        self._job_name = job_name
        self._stream: str | None = None
        self._token: str | None = None
        self._epochs: dict[int, Epoch] = {}

    def epochs(self) -> list[Epoch]:
        """All epochs reported so far, in order. A job that has not logged yet has none."""
        stream = self._find_stream()
        if stream is not None:
            for message in self._new_messages(stream):
                epoch = parse(message)
                if epoch is not None and (
                    epoch.number in self._epochs or len(self._epochs) < MOST_EPOCHS
                ):
                    self._epochs[epoch.number] = epoch
        return [self._epochs[number] for number in sorted(self._epochs)]

    def _find_stream(self) -> str | None:
        if self._stream is None:
            try:
                found = self._logs.describe_log_streams(
                    logGroupName=GROUP, logStreamNamePrefix=self._job_name
                )
            except self._logs.exceptions.ResourceNotFoundException:
                return None
            names = sorted(stream["logStreamName"] for stream in found["logStreams"])
            # With several hosts the first one reports for all.
            self._stream = names[0] if names else None
        return self._stream

    def _new_messages(self, stream: str) -> list[str]:
        messages: list[str] = []
        while True:
            continued: Any = {"nextToken": self._token} if self._token else {}
            page = self._logs.get_log_events(
                logGroupName=GROUP, logStreamName=stream, startFromHead=True, **continued
            )
            messages += [event["message"] for event in page["events"]]
            # The end of a stream gives back the token that was passed in.
            at_end = page["nextForwardToken"] == self._token or not page["events"]
            self._token = page["nextForwardToken"]
            if at_end:
                return messages
