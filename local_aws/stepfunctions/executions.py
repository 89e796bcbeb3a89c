"""Executions of state machines, where moto keeps or shows them otherwise than AWS does."""

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import InvalidExecutionInput
from moto.stepfunctions.parser import api, quotas
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.asl.component import eval_component
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_lambda
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventManager
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramEnded,
    ProgramError,
    ProgramState,
    ProgramStopped,
    ProgramTimedOut,
)
from moto.stepfunctions.parser.backend.execution import (
    BaseExecutionWorkerCommunication,
    Execution,
)
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from local_aws.requests import eventual, numbers
from local_aws.stepfunctions import logs
from local_aws.wrapping import Original, replace, wrap

_LOOK_FOR_STOP_SECONDS = 0.2
_DEFAULT_PAGE = 1000
_EXECUTION_DATA = ("input", "inputDetails", "output", "outputDetails")
_STATUS: dict[type, ExecutionStatus] = {
    ProgramEnded: ExecutionStatus.SUCCEEDED,
    ProgramError: ExecutionStatus.FAILED,
    ProgramStopped: ExecutionStatus.ABORTED,
    ProgramTimedOut: ExecutionStatus.TIMED_OUT,
}

# Called with each execution whose status has changed, in the thread that changed it.
status_observers: list[Callable[[Execution], None]] = []
# Called with each execution whose history has grown, likewise.
history_observers: list[Callable[[Execution], None]] = []

_starting = threading.Lock()
# Held while an execution's status changes.
status_lock = threading.Lock()
_retrying = threading.local()


def install() -> None:
    """Correct moto's executions; each function says what AWS does."""
    wrap(StepFunctionsParserBackend, "start_execution", _start)
    wrap(ExecutionWorker, "_get_evaluation_environment", _environment)
    wrap(Execution, "start", _begin)
    wrap(Environment, "set_error", _set_error)
    wrap(retrier_decl.RetrierDecl, "_eval_body", _retry)
    wrap(StepFunctionResponse, "describe_execution", _answer_describe)
    wrap(StepFunctionResponse, "list_executions", _answer_list)
    replace(
        StepFunctionResponse,
        start_execution=_answer_start,
        stop_execution=_answer_stop,
        get_execution_history=_answer_history,
    )
    replace(Execution, stop=_stop)
    replace(BaseExecutionWorkerCommunication, _reflect_execution_status=_reflect_status)
    for module in (state, state_task_service, state_task_lambda):
        replace(module, is_within_size_quota=is_within_size_quota)
    replace(retrier_decl, time=SimpleNamespace(sleep=_sleep_unless_stopped))
    _name_the_errors()
    # moto logs each failing state with its whole parse tree; the history tells that better.
    logging.getLogger(eval_component.__name__).setLevel(logging.CRITICAL)


def _name_the_errors() -> None:
    """AWS says InvalidDefinition and the like; moto's engine loses the names of such errors."""
    for error in vars(api).values():
        if isinstance(error, type) and issubclass(error, api.ServiceException):
            error.TYPE = vars(error).get("code") or error.TYPE


def is_within_size_quota(value: Any) -> bool:
    """AWS counts the bytes of compact UTF-8 JSON and lets 262,144 of them pass, not one less."""
    if not isinstance(value, str):
        value = json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)
    return len(value.encode()) <= quotas.MAX_STATE_SIZE_UTF8_BYTES


def _start(
    original: Original,
    self: StepFunctionsParserBackend,
    state_machine_arn: str,
    name: str | None = None,
    *args: Any,
    **options: Any,
) -> Execution:
    """AWS names an unnamed execution, and starts one of two that ask for a name at once."""
    name = name or str(uuid4())
    self._validate_name(name)
    with _starting:
        return original(self, state_machine_arn, name, *args, **options)


def _begin(original: Original, self: Execution) -> None:
    """Tell of the start before anything can tell of the end."""
    self.exec_status = ExecutionStatus.RUNNING
    _tell_observers(self)
    original(self)


def _tell_observers(execution: Execution) -> None:
    for observer in status_observers:
        observer(execution)


class History(EventManager):
    """The events of an execution, those of its earlier attempts first; tells of each new one."""

    def __init__(self, execution: Execution, events: Sequence[Any] = ()) -> None:
        super().__init__()
        self._execution = execution
        self._history_event_list.extend(events)
        self._event_id_gen._next_id = len(events) + 1

    def add_event(self, *args: Any, **options: Any) -> int:
        """Number the event, append it and tell of it."""
        number = super().add_event(*args, **options)
        for observer in history_observers:
            observer(self._execution)
        return number

    @property
    def stops_jobs_at(self) -> float:
        """When the jobs of a stopped execution are stopped, in seconds since 1970."""
        return float(getattr(self._execution, "stops_jobs_at", 0.0))

    def _publish_history_log(self, **event: Any) -> None:  # type: ignore[override]
        logs.write(self._execution, **event)


def events(execution: Execution) -> list[Any]:
    """The history until now: none before the execution's thread has read the definition."""
    environment = execution.exec_worker and execution.exec_worker.env
    return list(environment.event_manager._history_event_list) if environment else []


def _environment(original: Original, self: ExecutionWorker) -> Environment:
    """AWS's context object has a RedriveCount, and a StartTime in milliseconds with a Z."""
    environment: Environment = original(self)
    communication: Any = self._execution_communication
    environment.event_manager = History(communication.execution)
    execution: Any = environment.states.context_object.context_object_data["Execution"]
    execution["RedriveCount"] = 0
    started = execution["StartTime"].isoformat(timespec="milliseconds")
    execution["StartTime"] = started.replace("+00:00", "Z")
    return environment


def _stop(self: Execution, stop_date: datetime, error: str | None, cause: str | None) -> None:
    """AWS aborts an execution at once, even one that has only just been started."""
    deadline = time.monotonic() + 10
    while self.stop_date is None and time.monotonic() < deadline:
        environment = self.exec_worker and self.exec_worker.env
        if environment and environment.is_running():
            environment.set_stop(stop_date=stop_date, error=error, cause=cause)
            BaseExecutionWorkerCommunication(self).terminated()
            return
        time.sleep(0.01)  # its thread is still parsing the definition


def _reflect_status(self: BaseExecutionWorkerCommunication) -> None:
    """Give the execution its one terminal status; error and cause of a StopExecution stay."""
    execution = self.execution
    with status_lock:
        environment: Any = execution.exec_worker and execution.exec_worker.env
        ended: ProgramState = environment.program_state()
        if execution.stop_date is not None or type(ended) not in _STATUS:
            return  # told before, or by a thread of an attempt that was redriven since
        if isinstance(ended, ProgramEnded):
            execution.output = environment.states.get_input()
        elif isinstance(ended, ProgramError):
            execution.error = (ended.error or {}).get("error")
            execution.cause = (ended.error or {}).get("cause")
        elif isinstance(ended, ProgramStopped):
            execution.error, execution.cause = ended.error, ended.cause
        execution.stop_date = datetime.now(UTC)
        execution.exec_status = _STATUS[type(ended)]  # last: who sees it finds the rest
        _tell_observers(execution)


def _set_error(original: Original, self: Environment, error: Any) -> None:
    """An error that comes after the stop of an execution does not make it a failed one."""
    with self._state_mutex:
        if not isinstance(self._program_state, ProgramStopped | ProgramTimedOut):
            original(self, error)


def _retry(original: Original, self: retrier_decl.RetrierDecl, env: Environment) -> None:
    """StopExecution also ends the wait before a retry, through which moto sleeps."""
    _retrying.environment = env
    original(self, env)


def _sleep_unless_stopped(seconds: float) -> None:
    environment: Environment = _retrying.environment
    deadline = time.monotonic() + seconds
    while environment.is_running() and (left := deadline - time.monotonic()) > 0:
        environment.program_state_event.wait(min(left, _LOOK_FOR_STOP_SECONDS))


def _answer_start(self: StepFunctionResponse) -> ActionResult:
    execution = start(self)
    return ActionResult({"executionArn": execution.exec_arn, "startDate": execution.start_date})


def start(response: StepFunctionResponse) -> Any:
    """Start what the request asks for.

    AWS traces an execution as part of the trace that the request names; moto drops it. And AWS
    reads the input as JSON has it, with no NaN in it. Raises InvalidExecutionInput and others.
    """
    backend: Any = response.stepfunction_backend
    given = response._get_param("input", if_none="{}")
    try:
        numbers.load(given)
    except ValueError as error:
        raise InvalidExecutionInput(f"Invalid State Machine Execution Input: '{error}'") from error
    return backend.start_execution(
        response._get_param("stateMachineArn"),
        response._get_param("name"),
        given,
        response._get_param("traceHeader"),
    )


def _answer_stop(self: StepFunctionResponse) -> ActionResult:
    """AWS keeps the error and the cause of the request, and always answers with a date."""
    execution: Any = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    error, cause = self._get_param("error"), self._get_param("cause")
    execution.stops_jobs_at = time.time() + eventual.seconds("lasting")
    execution.stop(stop_date=datetime.now(UTC), error=error, cause=cause)
    return ActionResult({"stopDate": execution.stop_date or datetime.now(UTC)})


def _answer_describe(original: Original, self: StepFunctionResponse) -> ActionResult:
    """AWS also gives the end of an execution that timed out.

    Its output is JSON whatever the value is; moto shows a string bare and null not at all.
    """
    described: Any = original(self).result
    execution: Any = self.stepfunction_backend.describe_execution(described["executionArn"])
    if execution.stop_date is not None:
        described["stopDate"] = execution.stop_date
    if execution.exec_status == ExecutionStatus.SUCCEEDED:
        output = json.dumps(execution.output, separators=(",", ":"), ensure_ascii=False)
        described["output"] = output
    return ActionResult({**described, "inputDetails": {"included": True}})


def _answer_list(original: Original, self: StepFunctionResponse) -> ActionResult:
    """AWS also gives the end of executions that timed out."""
    listed: Any = original(self).result
    for item in listed["executions"]:
        execution: Any = self.stepfunction_backend.describe_execution(item["executionArn"])
        if execution.stop_date is not None:
            item["stopDate"] = execution.stop_date
    return ActionResult(listed)


def _answer_history(self: StepFunctionResponse) -> ActionResult:
    """AWS honours reverseOrder, maxResults and nextToken; moto copies all events, oldest first.

    A token is the place in the history where the next page begins, so that none is given twice or
    left out where events come meanwhile.
    """
    execution: Any = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    history = events(execution)
    size = int(self._get_param("maxResults") or _DEFAULT_PAGE)
    token = self._get_param("nextToken")
    if self._get_param("reverseOrder"):
        end = int(token or len(history))
        start = max(0, end - size)
        page, more = history[start:end][::-1], start if start > 0 else None
    else:
        start = int(token or 0)
        end = start + size
        page, more = history[start:end], end if end < len(history) else None
    if self._get_param("includeExecutionData") is False:
        page = [_without_data(event) for event in page]
    return ActionResult({"events": page, **({} if more is None else {"nextToken": str(more)})})


def _without_data(event: dict[str, Any]) -> dict[str, Any]:
    """Leave out what an event tells of input and output.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetExecutionHistory.html
    """
    return {
        name: {key: told for key, told in details.items() if key not in _EXECUTION_DATA}
        if isinstance(details, dict)
        else details
        for name, details in event.items()
    }
