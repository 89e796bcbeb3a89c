"""Executions outlive the server: what AWS tells of them is kept, not the threads that run them.

An execution that was RUNNING when the server ended is ABORTED when the next one starts. It can be
redriven, and goes on at the state that it was in.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from moto.stepfunctions.exceptions import ExecutionDoesNotExist, StateMachineDoesNotExist
from moto.stepfunctions.models import StateMachine, StateMachineInstance
from moto.stepfunctions.parser.api import ExecutionStatus, HistoryEventType
from moto.stepfunctions.parser.asl.eval.event.event_manager import EventHistoryContext
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import (
    StepFunctionsParserBackend,
    stepfunctions_parser_backends,
)

from local_aws.arns import account_and_region
from local_aws.context import Context
from local_aws.stepfunctions import executions
from local_aws.stepfunctions.executions import History
from local_aws.stepfunctions.redrive import ENDINGS
from local_aws.stepfunctions.resume import Event
from local_aws.wrapping import Original, replace, wrap

PART = "executions"
INTERRUPTED = "LocalAws.Interrupted"
_CAUSE = "The embedded AWS ended while this execution was running. Resume: retrain redrive {arn}"
_ENDINGS = {
    ExecutionStatus.SUCCEEDED: (
        HistoryEventType.ExecutionSucceeded,
        "executionSucceededEventDetails",
    ),
    **ENDINGS,
}
# What an execution is created from, and what becomes of it.
_ORIGIN = ("name", "sm_type", "role_arn", "exec_arn", "account_id", "region_name", "start_date")
_FATE = ("exec_status", "stop_date", "output", "error", "cause")
_REDRIVES = ("redrive_count", "redrive_date", "redrive_tokens")
_STARTED_BY = ("version_arn", "alias_arn")
_MACHINE = (
    *("arn", "name", "definition", "roleArn", "sm_type"),
    *("loggingConfiguration", "tracingConfiguration"),
)


@dataclass(frozen=True)
class Saved:
    """An execution as plain data; `machine` is its state machine as it was at the start."""

    origin: dict[str, Any]
    input: str
    trace_header: Any
    machine: dict[str, Any]
    progress: dict[str, Any]
    events: list[Event]


def install(context: Context) -> None:
    """Keep each execution by itself, saved whenever its history grows or its status changes."""
    state = context.state
    found: dict[str, Saved] = {}

    def changed(execution: Execution) -> None:
        state.changed(PART, execution.exec_arn)

    def delete(original: Original, self: StepFunctionsParserBackend, arn: str) -> None:
        """The executions of a machine go with it."""
        machines: Any = [machine for machine in self.state_machines if machine.arn == arn]
        original(self, arn)
        for execution in (one for machine in machines for one in machine.executions):
            changed(execution)

    def restore() -> None:
        for arn, saved in sorted(found.items(), key=lambda each: each[1].origin["start_date"]):
            try:
                execution = _restored(saved)
                if execution is not None:
                    _conclude(execution)
                elif state.whole:  # else its machine may be what is set aside
                    state.changed(PART, arn)  # so that its row goes too
            except Exception as error:
                state.set_aside(PART, arn, error)

    wrap(StepFunctionsParserBackend, "delete_state_machine", delete)
    replace(StateMachineInstance, __getstate__=_without_executions)
    executions.history_observers.append(changed)
    executions.status_observers.append(changed)
    state.keep(PART, _saved, found.__setitem__)
    state.after_restore(restore)


def _without_executions(self: StateMachineInstance) -> dict[str, Any]:
    """Pickle a machine without its executions, which hold threads."""
    return {**vars(self), "executions": []}


def _saved(arn: str) -> Saved | None:
    """Return the execution as it is now; None if it went with its machine."""
    account, region = account_and_region(arn)
    try:
        execution: Any = stepfunctions_parser_backends[account][region].describe_execution(arn)
    except ExecutionDoesNotExist:
        return None
    with executions.status_lock:
        return Saved(
            origin=_members(execution, _ORIGIN),
            input=execution.execution_input,
            trace_header=execution.trace_header,
            machine=_members(execution.state_machine, _MACHINE),
            progress=_members(execution, (*_FATE, *_REDRIVES, *_STARTED_BY)),
            events=executions.events(execution),
        )


def _members(of: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(of, name) for name in names}


def _restored(saved: Saved) -> Execution | None:
    """Put the execution back to its machine; return None if the machine was deleted."""
    backend = stepfunctions_parser_backends[saved.origin["account_id"]][saved.origin["region_name"]]
    try:
        machine: Any = backend.describe_state_machine(saved.machine["arn"])
    except StateMachineDoesNotExist:
        return None
    snapshot: Any = StateMachine
    execution: Any = Execution(
        **saved.origin,
        input_data=saved.input,
        trace_header=saved.trace_header,
        state_machine=snapshot(backend=backend, **saved.machine),
        cloud_watch_logging_session=None,
        activity_store={},
    )
    for name, value in saved.progress.items():
        setattr(execution, name, value)
    worker = execution._get_start_execution_worker()
    worker.env = worker._get_evaluation_environment()
    worker.env.event_manager = History(execution, saved.events)
    execution.exec_worker = worker
    machine.executions.append(execution)
    return execution


def _conclude(execution: Any) -> None:
    """End the execution if it was RUNNING, as its history says or else as ABORTED."""
    if execution.exec_status != ExecutionStatus.RUNNING:
        return
    if not _end_as_told(execution):
        _abort(execution)
    for observer in executions.status_observers:
        observer(execution)


def _end_as_told(execution: Any) -> bool:
    """The server may have ended between the last event of an execution and its new status."""
    last = (executions.events(execution) or [{"type": None}])[-1]
    for status, (kind, key) in _ENDINGS.items():
        if last["type"] == kind:
            details = last[key]
            execution.error, execution.cause = details.get("error"), details.get("cause")
            execution.output = json.loads(details.get("output", "null"))
            execution.stop_date = datetime.fromisoformat(last["timestamp"])
            execution.exec_status = status
            return True
    return False


def _abort(execution: Any) -> None:
    execution.stop_date = datetime.now(UTC)
    execution.error, execution.cause = INTERRUPTED, _CAUSE.format(arn=execution.exec_arn)
    execution.exec_status = ExecutionStatus.ABORTED
    kind, key = _ENDINGS[ExecutionStatus.ABORTED]
    details: Any = {key: {"error": execution.error, "cause": execution.cause}}
    execution.exec_worker.env.event_manager.add_event(
        EventHistoryContext.of_program_start(), kind, details, execution.stop_date
    )
