"""DeleteStateMachine, which AWS does later: a machine is DELETING until its executions have ended.

Until then it can be described, and its executions be listed and stopped; nothing can be started,
and no machine of its name be created or updated. moto deletes it at once, and nobody can reach its
executions any more. A fault has it go on for some seconds after that.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
"""

import time
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.models import StateMachine
from moto.stepfunctions.parser.api import ExecutionStatus, StateMachineDeleting
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import (
    StepFunctionsParserBackend,
    stepfunctions_parser_backends,
)
from moto.stepfunctions.responses import StepFunctionResponse

from local_aws.arns import account_and_region
from local_aws.requests import eventual
from local_aws.stepfunctions import executions
from local_aws.wrapping import Original, replace, wrap


def install() -> None:
    """Keep a machine until its executions have ended; after what else wraps its deletion."""
    replace(StateMachine, deleting=False, lasts=0.0, gone_at=0.0)
    wrap(StepFunctionsParserBackend, "delete_state_machine", _delete)
    wrap(StepFunctionsParserBackend, "start_execution", _refusing)
    wrap(StepFunctionsParserBackend, "update_state_machine", _refusing)
    wrap(StepFunctionsParserBackend, "create_state_machine", _create)
    wrap(StepFunctionResponse, "describe_state_machine", _answer_describe)
    wrap(StepFunctionResponse, "list_state_machines", _answer_list)
    executions.status_observers.append(_delete_if_it_was_the_last)


def _delete(original: Original, backend: StepFunctionsParserBackend, arn: str) -> None:
    machine = _machine(backend, arn)
    if machine is not None and not _is_deleting(machine):
        machine.deleting, machine.lasts = True, eventual.seconds("lasting")
        machine.gone_at = time.time() + machine.lasts
    if machine is None or _is_gone(machine):
        original(backend, arn)


def _delete_if_it_was_the_last(execution: Execution) -> None:
    arn = execution.state_machine.arn
    account, region = account_and_region(arn)
    backend = stepfunctions_parser_backends[account][region]
    machine = _machine(backend, arn)
    if _is_deleting(machine) and not _is_at_work(machine):
        machine.gone_at = time.time() + machine.lasts
        backend.delete_state_machine(arn)


def _delete_what_is_gone(backend: Any) -> None:
    """Nobody looked at it since its time was over."""
    for machine in list(backend.state_machines):
        if _is_deleting(machine) and _is_gone(machine):
            backend.delete_state_machine(machine.arn)


def _refusing(
    original: Original, backend: StepFunctionsParserBackend, arn: str, *given: Any, **named: Any
) -> Any:
    _delete_what_is_gone(backend)
    _refuse_if_deleting(_machine(backend, arn))
    return original(backend, arn, *given, **named)


def _create(
    original: Original, backend: StepFunctionsParserBackend, name: str, *given: Any, **named: Any
) -> Any:
    _delete_what_is_gone(backend)
    for machine in backend.state_machines:
        if machine.name == name:
            _refuse_if_deleting(machine)
    return original(backend, name, *given, **named)


def _answer_describe(original: Original, response: StepFunctionResponse) -> Any:
    _delete_what_is_gone(response.stepfunction_backend)
    answer: Any = original(response)
    arn = answer.result["stateMachineArn"]
    machine: Any = response.stepfunction_backend.describe_state_machine(arn)
    if not _is_deleting(machine):
        return answer
    return ActionResult({**answer.result, "status": "DELETING"})


def _answer_list(original: Original, response: StepFunctionResponse) -> Any:
    _delete_what_is_gone(response.stepfunction_backend)
    return original(response)


def _refuse_if_deleting(machine: Any) -> None:
    if _is_deleting(machine):
        raise StateMachineDeleting(f"State machine is being deleted: '{machine.arn}'")


def _machine(backend: Any, arn: str) -> Any:
    return next((machine for machine in backend.state_machines if machine.arn == arn), None)


def _is_deleting(machine: Any) -> bool:
    return getattr(machine, "deleting", False)


def _is_gone(machine: Any) -> bool:
    return time.time() >= machine.gone_at and not _is_at_work(machine)


def _is_at_work(machine: Any) -> bool:
    return any(one.exec_status == ExecutionStatus.RUNNING for one in machine.executions)
