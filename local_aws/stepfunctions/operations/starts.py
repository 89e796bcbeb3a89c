"""Executions of versions and aliases, and of EXPRESS machines, also synchronous ones.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html
"""

import json
import math
import threading
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.backend.execution import (
    BaseExecutionWorkerCommunication,
    Execution,
)
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse
from moto.stepfunctions.utils import PAGINATION_MODEL
from moto.utilities.paginator import paginate

from local_aws.stepfunctions import executions
from local_aws.stepfunctions.operations.express import express_arn, is_express, not_supported
from local_aws.stepfunctions.operations.targets import Target, machine_of, target_of, version_of
from local_aws.wrapping import Original, replace, wrap

LONGEST_EXPRESS_SECONDS = 300
_BILLED_MILLISECONDS, _BILLED_MEGABYTES = 100, 64
_QUALIFIED = ("definition", "roleArn", "loggingConfiguration", "tracingConfiguration")


@dataclass(frozen=True)
class _Start:
    """What an execution is started by: the version, and the alias that gave it to the version."""

    version: Any
    alias: str | None


_starting: ContextVar[_Start | None] = ContextVar("starting_by", default=None)
_listing: ContextVar[bool] = ContextVar("listing", default=False)
_ended = threading.Condition()


def install() -> None:
    """Start by what an ARN names; after the other wrappers of StartExecution."""
    replace(Execution, version_arn=None, alias_arn=None)
    wrap(StepFunctionsParserBackend, "start_execution", _start)
    wrap(Execution, "__init__", _make)
    replace(StepFunctionResponse, start_sync_execution=_answer_sync)
    replace(StepFunctionsParserBackend, list_executions=list_executions)
    wrap(StepFunctionsParserBackend, "describe_state_machine", _describe)
    wrap(StepFunctionResponse, "describe_execution", _answer_describe)
    wrap(StepFunctionResponse, "list_executions", _answer_list)
    executions.status_observers.append(_tell_of_end)


def _start(
    original: Original, backend: StepFunctionsParserBackend, arn: str, *given: Any, **named: Any
) -> Execution:
    target = target_of(arn)
    version = version_of(backend, target)
    alias = target.arn if target.qualifier and not target.is_version else None
    token = _starting.set(None if version is None else _Start(version, alias))
    try:
        execution: Execution = original(backend, target.machine, *given, **named)
        return execution
    finally:
        _starting.reset(token)


def _make(
    original: Original, execution: Any, *, state_machine: Any, exec_arn: str, **more: Any
) -> None:
    """Make the execution by the version, and under the ARN, that it is to have.

    One that is read from the disk has its own already.
    """
    start = _starting.get()
    if start is not None:
        for name in _QUALIFIED:
            setattr(state_machine, name, getattr(start.version, name))
        more["role_arn"] = start.version.roleArn
        execution.version_arn, execution.alias_arn = start.version.arn, start.alias
    if is_express(state_machine) and ":execution:" in exec_arn:
        exec_arn = express_arn(exec_arn)
    original(execution, state_machine=state_machine, exec_arn=exec_arn, **more)


def _tell_of_end(_execution: Execution) -> None:
    with _ended:
        _ended.notify_all()


def _answer_sync(response: StepFunctionResponse) -> ActionResult:
    backend: Any = response.stepfunction_backend
    target = target_of(response._get_param("stateMachineArn"))
    if not is_express(machine_of(backend, target)):
        raise not_supported()
    started = executions.start(response)
    with _ended:
        if not _ended.wait_for(lambda: started.stop_date is not None, LONGEST_EXPRESS_SECONDS):
            started.exec_worker.env.set_timed_out()
    BaseExecutionWorkerCommunication(started).terminated()  # nothing, if it has ended by itself
    return ActionResult(_sync_result(started))


def _sync_result(execution: Any) -> dict[str, Any]:
    told = {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine.arn,
        "name": execution.name,
        "startDate": execution.start_date,
        "stopDate": execution.stop_date,
        "status": execution.exec_status.value,
        "input": execution.execution_input,
        "inputDetails": {"included": True},
        "error": execution.error,
        "cause": execution.cause,
        "traceHeader": execution.trace_header,
        "billingDetails": _billed(execution),
    }
    if execution.exec_status == ExecutionStatus.SUCCEEDED:
        output = json.dumps(execution.output, separators=(",", ":"), ensure_ascii=False)
        told |= {"output": output, "outputDetails": {"included": True}}
    return {name: value for name, value in told.items() if value is not None}


def _billed(execution: Any) -> dict[str, int]:
    """AWS bills steps of 100 ms and of 64 MB; that an execution needs no more is believed.

    https://aws.amazon.com/step-functions/pricing/
    """
    stop = execution.stop_date.astimezone(UTC)
    seconds = (stop - execution.start_date.astimezone(UTC)).total_seconds()
    steps = max(1, math.ceil(seconds * 1000 / _BILLED_MILLISECONDS))
    return {
        "billedMemoryUsedInMB": _BILLED_MEGABYTES,
        "billedDurationInMilliseconds": steps * _BILLED_MILLISECONDS,
    }


@paginate(PAGINATION_MODEL)
def list_executions(
    self: Any, state_machine_arn: str, status_filter: str | None = None
) -> list[Any]:
    """Return the executions of a machine, or of one version or alias, the newest first."""
    target = target_of(state_machine_arn)
    found = self.describe_state_machine(target.machine).executions
    if target.qualifier:
        version_of(self, target)
    return sorted(
        (
            each
            for each in found
            if _is_of(each, target) and status_filter in (None, "", each.status)
        ),
        key=lambda each: each.start_date,
        reverse=True,
    )


def _describe(original: Original, backend: StepFunctionsParserBackend, arn: str) -> Any:
    """Find the machine itself, where moto asks whose executions it is to list."""
    return original(backend, target_of(arn).machine if _listing.get() else arn)


def _is_of(execution: Any, target: Target) -> bool:
    own = (execution.version_arn, execution.alias_arn)
    return not target.qualifier or target.arn in own


def _answer_describe(original: Original, response: StepFunctionResponse) -> ActionResult:
    told: Any = original(response).result
    execution = response.stepfunction_backend.describe_execution(told["executionArn"])
    return ActionResult({**told, **_qualified(execution)})


def _answer_list(original: Original, response: StepFunctionResponse) -> ActionResult:
    token = _listing.set(True)
    try:
        told: Any = original(response).result
    finally:
        _listing.reset(token)
    for item in told["executions"]:
        execution: Any = response.stepfunction_backend.describe_execution(item["executionArn"])
        item["stateMachineArn"] = execution.state_machine.arn
        item.update(_qualified(execution))
    return ActionResult(told)


def _qualified(execution: Any) -> dict[str, str]:
    named = {
        "stateMachineVersionArn": execution.version_arn,
        "stateMachineAliasArn": execution.alias_arn,
    }
    return {name: arn for name, arn in named.items() if arn is not None}
