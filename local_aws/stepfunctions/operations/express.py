"""EXPRESS state machines, which moto runs as STANDARD ones under their ARNs.

https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
"""

import re
from typing import Any
from uuid import uuid4

from moto.stepfunctions.exceptions import AWSError, InvalidArn
from moto.stepfunctions.models import StateMachine, StateMachineInstance
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from local_aws.stepfunctions.operations.targets import target_of
from local_aws.wrapping import Original, replace, wrap

EXPRESS = "EXPRESS"
_EXECUTION = re.compile(r"arn:aws[\w-]*:states:[\w-]+:\d{12}:(execution|express):.+")
_OF_STANDARD_ONES = (
    *("describe_execution", "get_execution_history", "stop_execution", "redrive_execution"),
    *("list_map_runs", "describe_state_machine_for_execution"),
)


class StateMachineTypeNotSupported(AWSError):
    """The operation is not for the machines of this type."""

    TYPE = "StateMachineTypeNotSupported"


def install() -> None:
    """Let machines know their type; after the other wrappers of what is for STANDARD ones only."""
    # moto's engine asks sm_type, in which moto keeps STANDARD whatever was asked for.
    replace(StateMachineInstance, sm_type=property(_type, _leave_type))
    replace(StepFunctionsParserBackend, accepted_exec_arn_format=_EXECUTION)
    wrap(StateMachine, "_handle_name_input_idempotency", _known_execution)
    for operation in _OF_STANDARD_ONES:
        wrap(StepFunctionResponse, operation, _refuse_express)
    wrap(StepFunctionResponse, "list_executions", _refuse_list)


def is_express(machine: Any) -> bool:
    """Tell whether a machine, or a version of it, is an EXPRESS one."""
    return bool(machine.type == EXPRESS)


def express_arn(arn: str) -> str:
    """Return the ARN of an EXPRESS execution: names may be used again, so it has an id too."""
    return f"{arn.replace(':execution:', ':express:', 1)}:{uuid4()}"


def not_supported() -> StateMachineTypeNotSupported:
    """Return how AWS refuses an operation that is not for machines of the type."""
    return StateMachineTypeNotSupported(
        "This operation is not supported by this type of state machine"
    )


def _type(machine: Any) -> str:
    return str(machine.type)


def _leave_type(_machine: Any, _value: str) -> None:
    """moto sets STANDARD when it makes a machine."""


def _known_execution(original: Original, machine: Any, name: str, given: str) -> Any:
    """StartExecution is not idempotent for EXPRESS machines: each call starts one."""
    return None if is_express(machine) else original(machine, name, given)


def _refuse_express(original: Original, response: StepFunctionResponse) -> Any:
    if ":express:" in response._get_param("executionArn"):
        raise InvalidArn("Invalid Arn: 'Resource type not valid in this context: express'")
    return original(response)


def _refuse_list(original: Original, response: StepFunctionResponse) -> Any:
    arn = response._get_param("stateMachineArn")
    target = target_of(arn) if arn else None
    for machine in response.stepfunction_backend.state_machines:
        if target and machine.arn == target.machine and is_express(machine):
            raise not_supported()
    return original(response)
