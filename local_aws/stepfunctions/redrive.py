"""RedriveExecution in moto's engine: an execution that failed goes on at the state that failed.

The ARN, the definition, the input and the history stay; what had succeeded is not repeated, and the
machine's timeout begins anew.
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
"""

import json
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser import api
from moto.stepfunctions.parser.api import ExecutionStatus, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.flow.start_at import StartAt
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker
from moto.stepfunctions.responses import StepFunctionResponse

from local_aws.stepfunctions import executions
from local_aws.stepfunctions.executions import History
from local_aws.stepfunctions.language import variables
from local_aws.stepfunctions.resume import CannotResumeError, Event, ResumePoint, resume_point
from local_aws.wrapping import Original, replace, wrap

REDRIVABLE_PERIOD = timedelta(days=14)
LONGEST_EXECUTION = timedelta(days=365)
# ExecutionRedriven and one more event must fit below the quota of 25,000.
EVENT_LIMIT = 24_999
TOKEN_VALIDITY = timedelta(minutes=15)
KNOWN_TOKENS = 10
# How an execution that can be redriven ended: the event, and where that keeps error and cause.
ENDINGS = {
    ExecutionStatus.FAILED: (HistoryEventType.ExecutionFailed, "executionFailedEventDetails"),
    ExecutionStatus.ABORTED: (HistoryEventType.ExecutionAborted, "executionAbortedEventDetails"),
    ExecutionStatus.TIMED_OUT: (
        HistoryEventType.ExecutionTimedOut,
        "executionTimedOutEventDetails",
    ),
}


def install() -> None:
    """Add the action, and what Describe- and ListExecutions tell of redrives."""
    replace(Execution, redrive_count=0, redrive_date=None, redrive_tokens=())
    # moto finds an action by the name of a function of this class.
    replace(StepFunctionResponse, redrive_execution=_answer_redrive)
    wrap(StepFunctionResponse, "describe_execution", _answer_describe)
    wrap(StepFunctionResponse, "list_executions", _answer_list)


def _answer_redrive(self: StepFunctionResponse) -> ActionResult:
    execution = _find(self, self._get_param("executionArn"))
    return ActionResult({"redriveDate": redrive(execution, self._get_param("clientToken"))})


def _answer_describe(original: Original, self: StepFunctionResponse) -> ActionResult:
    described: Any = original(self).result
    execution = _find(self, described["executionArn"])
    return ActionResult({**described, **_redrives(execution), **_redrivability(execution)})


def _answer_list(original: Original, self: StepFunctionResponse) -> ActionResult:
    listed: Any = original(self).result
    for item in listed["executions"]:
        item.update(_redrives(_find(self, item["executionArn"])))
    return ActionResult(listed)


def redrive(execution: Any, token: str | None) -> datetime:
    """Resume the execution and return when; a known `token` only gets the date that it got before.

    Of two calls at once one resumes it. Raises ExecutionNotRedrivable.
    """
    with executions.status_lock:
        now = datetime.now(UTC)
        for known, date in execution.redrive_tokens:
            if known == token and now - date <= TOKEN_VALIDITY:
                return date
        if reason := _refusal(execution):
            raise api.ExecutionNotRedrivable(reason)
        execution.redrive_count += 1
        execution.redrive_date = now
        execution.redrive_tokens = (*execution.redrive_tokens, (token, now))[-KNOWN_TOKENS:]
        _resume(execution, _point(execution))
    return now


def refusal(
    status: ExecutionStatus, started: datetime, stopped: datetime | None, events: int, now: datetime
) -> str:
    """Why an execution cannot be redriven, in the words of DescribeExecution; empty if it can.

    https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
    """
    if status not in ENDINGS or stopped is None:
        return f"Execution is {status.value} and cannot be redriven"
    if events >= EVENT_LIMIT:
        return "Execution history event limit exceeded"
    if now - started > LONGEST_EXECUTION:
        return "Execution has exceeded the max execution time"
    if now - stopped > REDRIVABLE_PERIOD:
        return "Execution redrivable period exceeded"
    return ""


def _find(response: StepFunctionResponse, arn: str) -> Any:
    return response.stepfunction_backend.describe_execution(arn)


def _redrives(execution: Any) -> dict[str, Any]:
    """AWS gives no redriveDate before the first redrive."""
    date = {"redriveDate": execution.redrive_date} if execution.redrive_date else {}
    return {"redriveCount": execution.redrive_count, **date}


def _redrivability(execution: Any) -> dict[str, str]:
    reason = _refusal(execution)
    if reason:
        return {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}
    return {"redriveStatus": "REDRIVABLE"}


def _refusal(execution: Any) -> str:
    status, now = execution.exec_status, datetime.now(UTC)
    events = len(_history(execution)) if status in ENDINGS else 0
    reason = refusal(status, execution.start_date, execution.stop_date, events, now)
    if reason:
        return reason
    try:
        _point(execution)
    except CannotResumeError as error:
        return str(error)
    return ""


def _history(execution: Any) -> list[Event]:
    events: list[Event] = execution.to_history_output()["events"]
    return events


def _point(execution: Any) -> ResumePoint:
    definition = json.loads(execution.state_machine.definition)
    return resume_point(definition, _history(execution), execution.input_data)


def _resume(execution: Any, point: ResumePoint) -> None:
    """Go on in an environment of its own: a thread of the last attempt may still be at work."""
    worker = execution._get_start_execution_worker()
    worker.env = _environment(execution, worker, point)
    execution.exec_worker = worker
    execution.stop_date = execution.error = execution.cause = None
    execution.exec_status = ExecutionStatus.RUNNING
    for observer in executions.status_observers:
        observer(execution)
    Thread(target=_run, args=(worker, point.state), name=execution.name, daemon=True).start()


def _run(worker: ExecutionWorker, state: str) -> None:
    program: Any = worker._get_evaluation_entrypoint()
    program.start_at = StartAt(state)
    program.eval(worker.env)
    worker._execution_communication.terminated()


def _environment(execution: Any, worker: ExecutionWorker, point: ResumePoint) -> Environment:
    """Everything as the state found it, but for the number and the time of the redrive."""
    environment = worker._get_evaluation_environment()
    environment.event_manager = _continued_history(execution, point)
    environment.event_history_context = EventHistoryContext(  # type: ignore[misc]
        previous_event_id=len(environment.event_manager.get_event_history())
    )
    environment.map_run_record_pool_manager = execution.exec_worker.env.map_run_record_pool_manager
    environment.states.reset(point.input)
    states = json.loads(execution.state_machine.definition)["States"]
    for name, value in variables.as_told(_history(execution), states).items():
        environment.variable_store.set(name, value)
    environment.variable_store.reset_tracing()  # the states that go on have not set them
    context: Any = environment.states.context_object.context_object_data["Execution"]
    context["RedriveCount"] = execution.redrive_count
    redriven = execution.redrive_date.isoformat(timespec="milliseconds")
    context["RedriveTime"] = redriven.replace("+00:00", "Z")
    return environment


def _continued_history(execution: Any, point: ResumePoint) -> History:
    events = _history(execution)
    history = _ContinuedHistory(execution, events, point)
    context = EventHistoryContext(previous_event_id=len(events))
    ending, key = ENDINGS[execution.exec_status]
    if events[-1]["type"] != ending:
        # moto writes the end when the task of the stopped attempt has come back: now it never will.
        details: Any = {"error": execution.error, "cause": execution.cause}
        history.add_event(context, ending, {key: details}, execution.stop_date)
    count: Any = {"executionRedrivenEventDetails": {"redriveCount": execution.redrive_count}}
    history.add_event(context, HistoryEventType.ExecutionRedriven, count, execution.redrive_date)
    return history


class _ContinuedHistory(History):
    """AWS schedules a Task again without entering it again; the other states are entered anew."""

    def __init__(self, execution: Any, events: list[Event], point: ResumePoint) -> None:
        super().__init__(execution, events)
        self._skips_entry = point.entered

    def add_event(
        self,
        context: EventHistoryContext,
        event_type: HistoryEventType,
        *args: Any,
        **options: Any,
    ) -> int:
        skips, name = self._skips_entry, event_type.value
        self._skips_entry = skips and not name.endswith("StateEntered")
        if skips and event_type == HistoryEventType.TaskStateEntered:
            return context.last_published_event_id
        return super().add_event(context, event_type, *args, **options)
