"""DeleteStateMachine, which AWS does later: a machine is DELETING until its executions have ended.

Until then it can be described, and its executions be listed and stopped; nothing can be started,
and no machine of its name be created or updated. moto deletes it at once, and nobody can reach its
executions any more.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachine.html
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import ExecutionStatus, StateMachineDeleting
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import (
    StepFunctionsParserBackend,
    stepfunctions_parser_backends,
)
from moto.stepfunctions.responses import StepFunctionResponse

from local_aws.arns import account_and_region
from local_aws.stepfunctions import executions
from local_aws.wrapping import Original, wrap


def install() -> None:
    """Keep a machine until its executions have ended; after what else wraps its deletion."""
    wrap(StepFunctionsParserBackend, "delete_state_machine", _delete)
    wrap(StepFunctionsParserBackend, "start_execution", _refusing)
    wrap(StepFunctionsParserBackend, "update_state_machine", _refusing)
    wrap(StepFunctionsParserBackend, "create_state_machine", _create)
    wrap(StepFunctionResponse, "describe_state_machine", _answer_describe)
    executions.status_observers.append(_delete_if_it_was_the_last)


def _delete(original: Original, backend: StepFunctionsParserBackend, arn: str) -> None:
    machine = _machine(backend, arn)
    if machine is not None and _is_at_work(machine):
        machine.deleting = True
        return
    original(backend, arn)


def _delete_if_it_was_the_last(execution: Execution) -> None:
    arn = execution.state_machine.arn
    account, region = account_and_region(arn)
    backend = stepfunctions_parser_backends[account][region]
    machine = _machine(backend, arn)
    if _is_deleting(machine) and not _is_at_work(machine):
        backend.delete_state_machine(arn)


def _refusing(
    original: Original, backend: StepFunctionsParserBackend, arn: str, *given: Any, **named: Any
) -> Any:
    _refuse_if_deleting(_machine(backend, arn))
    return original(backend, arn, *given, **named)


def _create(
    original: Original, backend: StepFunctionsParserBackend, name: str, *given: Any, **named: Any
) -> Any:
    for machine in backend.state_machines:
        if machine.name == name:
            _refuse_if_deleting(machine)
    return original(backend, name, *given, **named)


def _answer_describe(original: Original, response: StepFunctionResponse) -> Any:
    answer: Any = original(response)
    machine = _machine(response.stepfunction_backend, answer.result["stateMachineArn"])
    if not _is_deleting(machine):
        return answer
    return ActionResult({**answer.result, "status": "DELETING"})


def _refuse_if_deleting(machine: Any) -> None:
    if _is_deleting(machine):
        raise StateMachineDeleting(f"State machine is being deleted: '{machine.arn}'")


def _machine(backend: Any, arn: str) -> Any:
    return next((machine for machine in backend.state_machines if machine.arn == arn), None)


def _is_deleting(machine: Any) -> bool:
    return getattr(machine, "deleting", False)


def _is_at_work(machine: Any) -> bool:
    return any(one.exec_status == ExecutionStatus.RUNNING for one in machine.executions)
