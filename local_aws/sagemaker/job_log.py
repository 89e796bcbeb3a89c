"""What a job prints: on disk and in CloudWatch Logs while it runs, and searched for metrics."""

import re
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from moto.cloudwatch.models import cloudwatch_backends

from local_aws.arns import account_and_region
from local_aws.state.moto_services import changes
from local_aws.state.state import State

_READ = 64 * 1024
_LONGEST_EVENT = 256 * 1024 - 26  # bytes; CloudWatch counts 26 for each event

_observing = threading.Lock()


class JobLog:
    """What a host prints, written line by line to a file and, by `put`, to a log stream."""

    def __init__(self, path: Path, put: Callable[[list[dict[str, Any]]], None]) -> None:
        self._path = path
        self._put_events = put

    def follow(self, output: IO[bytes], metrics: "Metrics") -> None:
        """Copy `output` until its end; each read becomes one batch of log events."""
        rest = b""
        with self._path.open("ab", buffering=0) as file:
            while chunk := output.read1(_READ):  # type: ignore[attr-defined]
                file.write(chunk)
                *lines, rest = (rest + chunk).split(b"\n")
                if len(rest) > _LONGEST_EVENT:
                    lines, rest = [*lines, rest[:_LONGEST_EVENT]], rest[_LONGEST_EVENT:]
                self._put(lines, metrics)
            self._put([rest] if rest else [], metrics)

    def _put(self, lines: Iterable[bytes], metrics: "Metrics") -> None:
        now = int(time.time() * 1000)
        events = []
        for line in lines:
            text = line[:_LONGEST_EVENT].decode("utf-8", "replace").rstrip("\r")
            metrics.observe(text)
            # An event's message has at least one character: so AWS's log driver drops these too.
            if text:
                events.append({"timestamp": now, "message": text})
        if events:
            self._put_events(events)


class Metrics:
    """What the MetricDefinitions find in the logs of all hosts, and the last value of each."""

    def __init__(self, definitions: list[dict[str, str]]) -> None:
        self._definitions = [(item["Name"], re.compile(item["Regex"])) for item in definitions]
        self._last: dict[str, tuple[float, datetime]] = {}
        self._untold: list[tuple[str, float, datetime]] = []

    def __bool__(self) -> bool:
        return bool(self._definitions)

    def observe(self, line: str) -> None:
        """Search one line of the log; the first group of an expression is the value."""
        for name, expression in self._definitions:
            for match in expression.finditer(line):
                value = _number(match)
                if value is not None:
                    self._keep(name, value)

    def _keep(self, name: str, value: float) -> None:
        now = datetime.now(UTC)
        with _observing:  # of several hosts each has its thread
            # In one step: another thread may be copying it.
            self._last = {**self._last, name: (value, now)}
            self._untold.append((name, value, now))

    def tell(self, state: State, namespace: str, job_arn: str, job: str) -> None:
        """Put to CloudWatch what was found since the last time, under the job's name.

        https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
        """
        with _observing:
            untold, self._untold = self._untold, []
        if not untold:
            return
        account, region = account_and_region(job_arn)
        dimensions = [{"Name": "TrainingJobName", "Value": job}]
        found = [
            {"MetricName": name, "Value": value, "Timestamp": _of_moto(when)}
            for name, value, when in untold
        ]
        with changes(state):
            cloudwatch_backends[account][region].put_metric_data(
                namespace, [{**each, "Dimensions": dimensions} for each in found]
            )

    def final(self) -> list[dict[str, Any]]:
        """Return FinalMetricDataList."""
        return [
            {"MetricName": name, "Value": value, "Timestamp": when}
            for name, (value, when) in self._last.items()
        ]


def _of_moto(when: datetime) -> datetime:
    """moto's CloudWatch has times of UTC that do not say so."""
    return when.replace(tzinfo=None)


def _number(match: re.Match[str]) -> float | None:
    try:
        return float(match.group(1))
    except (IndexError, TypeError, ValueError):
        return None
