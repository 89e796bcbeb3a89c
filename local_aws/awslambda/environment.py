"""An execution environment: one process that runs a function, one event at a time.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

import json
import math
import platform
import queue
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from local_aws.awslambda.logs import LogStream
from local_aws.awslambda.memory import ProcessMemory
from local_aws.awslambda.runtime_api import Event, Report, RuntimeApi
from local_aws.containers.containers import Box, start

INIT_SECONDS = 10.0  # free for the start; what the start takes beyond is the function's own time
MAX_RESPONSE_BYTES = 6_291_556

_POLL_SECONDS = 0.1
_MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """What an invocation may take."""

    seconds: float
    megabytes: int


@dataclass(frozen=True)
class Outcome:
    """What Invoke answers: the function's result, or its error as JSON; and the log's tail."""

    payload: bytes
    failed: bool
    log_tail: bytes


class _FunctionError(Exception):
    """The invocation failed. `status` is how the REPORT line words it, if Lambda ended it."""

    def __init__(self, payload: bytes, status: str = "", *, fatal: bool = False) -> None:
        super().__init__(payload)
        self.payload = payload
        self.status = status
        self.fatal = fatal


class ExecutionEnvironment:
    """A process started for one function; once `usable` is false it can only be ended.

    One that was ready ahead of its first event reports no Init Duration: nobody waited for it.
    `ended()` is called once it has ended. `box` is the container that it runs in, if it has one;
    `folder` is where its code lies on this machine.
    """

    def __init__(
        self,
        command: list[str],
        *,
        folder: Path,
        box: Box | None,
        variables: dict[str, str],
        version: str,
        limits: Limits,
        log: LogStream,
        ended: Callable[[], None],
    ) -> None:
        self.usable = True
        self._ended = ended
        self._version = version
        self._limits = limits
        self._log = log
        self._api = RuntimeApi()
        self._ready = False
        self._started = time.monotonic()
        log.write(f"INIT_START Runtime Version: python:{platform.python_version()}")
        environment = {
            **variables,
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "AWS_LAMBDA_LOG_GROUP_NAME": log.group,
            "AWS_LAMBDA_LOG_STREAM_NAME": log.name,
        }
        with log.file.open("ab") as output:
            self._process = start(command, env=environment, cwd=folder, stdout=output, box=box)
        self._api.answer_only(self._process.pid)
        self._memory = ProcessMemory(self._process.pid, contained=box is not None)

    @property
    def alive(self) -> bool:
        """Tell whether the process is there: it may have died since the last event."""
        return self._process.poll() is None

    def initialize(self) -> None:
        """Wait until the runtime asks for its first event, or has ended or taken too long."""
        given_up = time.monotonic() + INIT_SECONDS
        while self.alive and not self._initialized and time.monotonic() < given_up:
            time.sleep(_POLL_SECONDS)

    @property
    def _initialized(self) -> bool:
        return self._ready or not self._api.reports.empty()

    def invoke(self, event: Event) -> Outcome:
        """Run the function on the event; wait for its result, its error, or its limits."""
        self._log.begin()
        waited_for = not self._initialized
        problem = None if self._ready else self._start_up(event)
        init_seconds = time.monotonic() - self._started if waited_for else None
        self._log.write(f"START RequestId: {event.request_id} Version: {self._version}")
        handed_out = time.monotonic()
        try:
            if problem:
                raise problem
            payload, status, failed = self._run(event), "", False
        except _FunctionError as error:
            payload, status, failed = error.payload, error.status, True
            self.usable = not error.fatal
        self._log.write(f"END RequestId: {event.request_id}")
        self._log.write(self._report(event, time.monotonic() - handed_out, init_seconds) + status)
        return Outcome(payload, failed, self._log.tail)

    def end(self) -> None:
        """Kill the process and all that it started."""
        self.usable = False
        self._process.kill_group()
        self._process.wait()
        self._api.close()
        self._log.close()
        self._ended()

    def _start_up(self, event: Event) -> _FunctionError | None:
        """Wait until the runtime asks for its first event; return what kept it from that."""
        try:
            report = self._wait(INIT_SECONDS + self._limits.seconds, "", event)
        except _FunctionError as error:
            return error
        self._ready = report.kind == "ready"
        return None if self._ready else _FunctionError(report.body, _status("Init"), fatal=True)

    def _run(self, event: Event) -> bytes:
        deadline = int((time.time() + self._limits.seconds) * 1000)
        headers = {**event.headers, "Lambda-Runtime-Deadline-Ms": str(deadline)}
        self._api.hand_out(Event(event.request_id, event.payload, headers))
        report = self._wait(self._limits.seconds, event.request_id, event)
        if self._memory.measure() > self._limits.megabytes * _MEGABYTE:
            raise self._out_of_memory(event)
        if report.kind == "error":
            raise _FunctionError(report.body)
        if len(report.body) > MAX_RESPONSE_BYTES:
            raise _failure(
                "Function.ResponseSizeTooLarge",
                "Response payload size exceeded maximum allowed payload size "
                f"({MAX_RESPONSE_BYTES} bytes).",
            )
        return report.body

    def _wait(self, seconds: float, awaited: str, event: Event) -> Report:
        """Wait for the report on request `awaited`, or for the start's if that is empty."""
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            try:
                report = self._api.reports.get(timeout=max(0.001, min(_POLL_SECONDS, left)))
            except queue.Empty:
                self._log.collect()
                self._check(left, event)
                continue
            if report.request_id == awaited:
                return report

    def _check(self, seconds_left: float, event: Event) -> None:
        """Raise _FunctionError if the process has ended or has used up what it may."""
        exit_code = self._process.poll()
        if exit_code is not None:
            if self._api.reports.empty():
                raise _failure("Runtime.ExitError", _exit_message(event, exit_code), fatal=True)
        elif self._memory.watch() > self._limits.megabytes * _MEGABYTE:
            raise self._out_of_memory(event)
        elif seconds_left <= 0:
            raise self._timed_out(event)

    def _timed_out(self, event: Event) -> _FunctionError:
        self._process.kill_group()
        self._process.wait()
        message = f"Task timed out after {self._limits.seconds:.2f} seconds"
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._log.write(f"{now} {event.request_id} {message}\n")
        error = _failure(
            "Sandbox.Timedout", f"RequestId: {event.request_id} Error: {message}", fatal=True
        )
        error.status = "\tStatus: timeout"
        return error

    def _out_of_memory(self, event: Event) -> _FunctionError:
        self._process.kill_group()
        self._process.wait()
        return _failure("Runtime.OutOfMemory", _exit_message(event, -signal.SIGKILL), fatal=True)

    def _report(self, event: Event, seconds: float, init_seconds: float | None) -> str:
        used = min(math.ceil(self._memory.measure() / _MEGABYTE), self._limits.megabytes)
        parts = [
            f"REPORT RequestId: {event.request_id}",
            f"Duration: {seconds * 1000:.2f} ms",
            f"Billed Duration: {math.ceil(seconds * 1000)} ms",
            f"Memory Size: {self._limits.megabytes} MB",
            f"Max Memory Used: {used} MB",
        ]
        if init_seconds is not None:
            parts.append(f"Init Duration: {init_seconds * 1000:.2f} ms")
        return "\t".join(parts)


def _failure(error_type: str, message: str, *, fatal: bool = False) -> _FunctionError:
    payload = json.dumps({"errorType": error_type, "errorMessage": message}).encode()
    return _FunctionError(payload, _status(error_type), fatal=fatal)


def _status(error_type: str) -> str:
    return f"\tStatus: error\tError Type: {error_type}"


def _exit_message(event: Event, exit_code: int) -> str:
    if exit_code == 0:
        reason = "Runtime exited without providing a reason"
    elif exit_code > 0:
        reason = f"Runtime exited with error: exit status {exit_code}"
    else:
        name = (signal.strsignal(-exit_code) or str(-exit_code)).lower()
        reason = f"Runtime exited with error: signal: {name}"
    return f"RequestId: {event.request_id} Error: {reason}"
