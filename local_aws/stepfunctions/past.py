"""State machines and executions as they were some seconds ago: what AWS may still go by.

ListExecutions, DescribeStateMachine and the like are eventually consistent, see `eventual.STALE`,
and an execution that is started right after an update may have the definition of before.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateStateMachine.html
"""

import time
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any, TypeVar

from moto.stepfunctions.exceptions import ExecutionDoesNotExist, StateMachineDoesNotExist
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from local_aws.requests import eventual
from local_aws.requests.past import Past
from local_aws.stepfunctions.executions import status_observers
from local_aws.wrapping import Original, wrap

Object = TypeVar("Object")

_machines: Past[str, StateMachine] = Past()
_executions: Past[str, Any] = Past()
_starting: ContextVar[bool] = ContextVar("starting", default=False)


def install() -> None:
    """Note each change, after what else wraps it, and answer as of before where a fault says so."""
    wrap(StepFunctionsParserBackend, "create_state_machine", _create)
    for change in ("update_state_machine", "delete_state_machine"):
        wrap(StepFunctionsParserBackend, change, _change)
    wrap(StepFunctionsParserBackend, "describe_state_machine", _describe)
    wrap(StepFunctionsParserBackend, "_get_state_machine_for_execution", _machine_of)
    wrap(StepFunctionsParserBackend, "list_state_machines", _list)
    wrap(StepFunctionsParserBackend, "start_execution", _start)
    status_observers.append(_note)


def _create(
    original: Original, backend: StepFunctionsParserBackend, name: str, *given: Any, **named: Any
) -> StateMachine:
    known = {machine.arn for machine in backend.state_machines}
    machine: StateMachine = original(backend, name, *given, **named)
    if machine.arn not in known:
        _machines.note(machine.arn, None, _copy(machine))
    return machine


def _change(
    original: Original, backend: StepFunctionsParserBackend, arn: str, *given: Any, **named: Any
) -> Any:
    before = _now(backend, arn)
    answer = original(backend, arn, *given, **named)
    if before is not None:
        late = eventual.seconds("propagation")
        _machines.note(arn, before, _now(backend, arn), late=late)
    return answer


def _start(original: Original, *given: Any, **named: Any) -> Execution:
    token = _starting.set(True)
    try:
        execution: Execution = original(*given, **named)
        return execution
    finally:
        _starting.reset(token)


def _describe(original: Original, backend: StepFunctionsParserBackend, arn: str) -> StateMachine:
    if ago := eventual.seconds("stale"):
        return _described_as_of(backend, arn, ago)
    machine: StateMachine = original(backend, arn)
    if not _starting.get():
        return machine
    known = _copy(_machines.in_effect(arn, machine) or machine)
    known.executions = machine.executions
    return known


def _described_as_of(backend: StepFunctionsParserBackend, arn: str, seconds: float) -> StateMachine:
    found = _machines.as_of(arn, seconds, _now(backend, arn))
    if found is None:
        raise StateMachineDoesNotExist(f"State Machine Does Not Exist: '{arn}'")
    past = _copy(found)
    past.executions = [
        execution
        for execution in (_execution_as_of(each, seconds) for each in list(found.executions))
        if execution is not None
    ]
    return past


def _execution_as_of(execution: Any, seconds: float) -> Any:
    """moto lists an execution an instant before it begins, and is noted."""
    began = execution.start_date.timestamp() <= time.time() - seconds
    return _executions.as_of(execution.exec_arn, seconds, execution if began else None)


def _machine_of(original: Original, backend: StepFunctionsParserBackend, arn: str) -> StateMachine:
    """An execution goes with its machine: AWS may still answer with one that has just gone."""
    if not eventual.seconds("stale"):
        machine: StateMachine = original(backend, arn)
        return machine
    try:
        return backend.describe_state_machine(
            arn.replace(":execution:", ":stateMachine:").rpartition(":")[0]
        )
    except StateMachineDoesNotExist as error:
        raise ExecutionDoesNotExist(f"Execution Does Not Exist: '{arn}'") from error


def _list(original: Original, backend: StepFunctionsParserBackend, **page: Any) -> Any:
    if not (ago := eventual.seconds("stale")):
        return original(backend, **page)
    current = {machine.arn: machine for machine in backend.state_machines}
    own = [each for each in _machines.all_as_of(ago, current) if each.backend is backend]
    return original(SimpleNamespace(state_machines=own), **page)


def _note(execution: Execution) -> None:
    now: Any = _copy(execution)
    begins = now.exec_status == ExecutionStatus.RUNNING and not now.redrive_count
    _executions.note(now.exec_arn, None if begins else now, now)


def _now(backend: StepFunctionsParserBackend, arn: str) -> StateMachine | None:
    found: Any = (machine for machine in backend.state_machines if machine.arn == arn)
    return next(map(_copy, found), None)


def _copy(thing: Object) -> Object:
    """Return it with the attributes that it has now; a machine's list of executions goes on."""
    copied = object.__new__(type(thing))
    vars(copied).update(vars(thing))
    return copied
