"""Follow an execution until it ends."""

import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NoConnectionError

from operations.errors import NoExecutionError
from operations.executions import view as execution
from operations.executions.training_log import GROUP, Epoch, TrainingLog
from operations.executions.view import ExecutionView

if TYPE_CHECKING:
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_stepfunctions import SFNClient

POLL_SECONDS = 0.5
START_POLL_SECONDS = 0.25
PATIENCE_SECONDS = 30.0
UNKNOWN, UNKNOWN_SECONDS = "ExecutionDoesNotExist", 10.0
_TRANSIENT_CODES = {"ThrottlingException", "TooManyRequestsException", "ServiceUnavailable"}
_SERVER_ERROR = 500


class Presenter(Protocol):
    """Shows an execution while it runs."""

    def show(self, view: ExecutionView, epochs: list[Epoch]) -> None:
        """Take the newest view, and the epochs of its newest training job."""


class Observer:
    """Reads what is to be known of one execution; every call gives the newest view."""

    def __init__(self, states: "SFNClient", logs: "CloudWatchLogsClient", arn: str) -> None:
        self._states = states
        self._logs = logs
        self._arn = arn
        self._log: tuple[str, TrainingLog] | None = None
        self._epochs: list[Epoch] = []

    def planned_states(self) -> list[str]:
        """The states that this execution is certain to pass; empty where that cannot be read."""
        try:
            machine = self._states.describe_state_machine_for_execution(executionArn=self._arn)
        except (BotoCoreError, ClientError):
            return []
        return execution.planned_states(machine["definition"])

    def view(self) -> ExecutionView:
        """The execution now. Asks for the status first, so that the history is never older."""
        description = self._states.describe_execution(executionArn=self._arn)
        pages = self._states.get_paginator("get_execution_history").paginate(
            executionArn=self._arn, includeExecutionData=True
        )
        events: list[Any] = [event for page in pages for event in page["events"]]
        return execution.read(dict(description), events)

    def epochs(self, view: ExecutionView) -> list[Epoch]:
        """The epochs of the newest training job; of none, if no job has begun.

        A log that cannot be read now is no reason to stop: the next call tries again.
        """
        jobs = [s.work.name for s in view.states if s.work and s.work.log_group == GROUP]
        if not jobs:
            return []
        if self._log is None or self._log[0] != jobs[-1]:
            self._log = (jobs[-1], TrainingLog(self._logs, jobs[-1]))
            self._epochs = []
        with suppress(BotoCoreError, ClientError):
            self._epochs = self._log[1].epochs()
        return self._epochs


def follow(
    observer: Observer,
    presenter: Presenter,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> ExecutionView:
    """Show the execution about twice a second until it has ended, and return its last view.

    Lost connections, throttling and server errors are waited out for `PATIENCE_SECONDS`, and at the
    beginning, for `UNKNOWN_SECONDS`, that nobody knows the execution: it may have been started just
    now. Any other error, or a longer one, is raised as botocore raised it.
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
    """
    answered, passing = clock(), {UNKNOWN: UNKNOWN_SECONDS}
    while True:
        try:
            view = observer.view()
            presenter.show(view, observer.epochs(view))
            answered, passing = clock(), {}
            if view.ended:
                return view
        except (BotoCoreError, ClientError) as error:
            patience = PATIENCE_SECONDS if _is_transient(error) else passing.get(_code(error), -1)
            if clock() - answered > patience:
                raise
        sleep(POLL_SECONDS)


def executions(states: "SFNClient", state_machine_arn: str) -> list[str]:
    """The ARNs of the newest executions of the state machine, the one that started last first."""
    found = states.list_executions(stateMachineArn=state_machine_arn, maxResults=100)
    return [item["executionArn"] for item in found["executions"]]


def new_execution(
    states: "SFNClient",
    state_machine_arn: str,
    known: Collection[str],
    seconds: float,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> str | None:
    """Wait for an execution that is not among the `known` ones; None if none starts in time."""
    deadline = clock() + seconds
    while True:
        new = [arn for arn in executions(states, state_machine_arn) if arn not in known]
        if new or clock() > deadline:
            return new[0] if new else None
        sleep(START_POLL_SECONDS)


def newest_execution(states: "SFNClient", state_machine_arn: str) -> str:
    """The ARN of the execution that started last. Raises NoExecutionError if there is none."""
    found = executions(states, state_machine_arn)
    if not found:
        raise NoExecutionError(
            "There is no execution yet", "`retrain upload FOLDER` or `retrain start` starts one"
        )
    return found[0]


def _code(error: BotoCoreError | ClientError) -> str:
    return error.response["Error"].get("Code", "") if isinstance(error, ClientError) else ""


def _is_transient(error: BotoCoreError | ClientError) -> bool:
    if isinstance(error, ClientError):
        status = error.response["ResponseMetadata"].get("HTTPStatusCode", 0)
        return status >= _SERVER_ERROR or error.response["Error"].get("Code") in _TRANSIENT_CODES
    return isinstance(error, NoConnectionError | HTTPClientError)
