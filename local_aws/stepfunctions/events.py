"""Events that Step Functions emits.

https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
"""

import json
from datetime import UTC, datetime
from typing import Any

from moto.stepfunctions.parser.api import ExecutionStatus, StateMachineType
from moto.stepfunctions.parser.backend.execution import Execution

from local_aws.events.bus import emit
from local_aws.stepfunctions import executions, redrive

_MAX_PAYLOAD_BYTES = 248 * 1024


def install() -> None:
    """Have executions tell EventBridge of their changes."""
    executions.status_observers.append(execution_changed)


def execution_changed(execution: Execution) -> None:
    """Emit a standard execution's new status; AWS tells of no express ones."""
    if execution.sm_type == StateMachineType.EXPRESS:
        return
    emit(
        "aws.states",
        "Step Functions Execution Status Change",
        execution_detail(execution),
        resources=[execution.exec_arn],
        account=execution.account_id,
        region=execution.region_name,
    )


def execution_detail(execution: Any) -> dict[str, Any]:
    """Return DescribeExecution's facts, with times in milliseconds.

    Input and output that do not fit into an event are left out, and their details say so.
    """
    status, given = execution.exec_status, _json(execution.input_data)
    output = _json(execution.output) if status == ExecutionStatus.SUCCEEDED else None
    output_fits = _size(output) <= _MAX_PAYLOAD_BYTES
    input_fits = _size(given) + _size(output) <= _MAX_PAYLOAD_BYTES
    return {
        "executionArn": execution.exec_arn,
        "stateMachineArn": execution.state_machine.arn,
        "stateMachineVersionArn": getattr(execution, "version_arn", None),
        "stateMachineAliasArn": getattr(execution, "alias_arn", None),
        "name": execution.name,
        "status": str(status.value),
        "startDate": _milliseconds(execution.start_date),
        "stopDate": _milliseconds(execution.stop_date),
        "input": given if input_fits else None,
        "inputDetails": {"included": input_fits},
        "output": output if output_fits else None,
        "outputDetails": None if output is None else {"included": output_fits},
        "error": execution.error,
        "cause": execution.cause,
        "redriveCount": getattr(execution, "redrive_count", 0),
        "redriveDate": _milliseconds(getattr(execution, "redrive_date", None)),
        **_redrivability(execution),
    }


def _redrivability(execution: Any) -> dict[str, str | None]:
    """The number of events, by which AWS refuses a redrive too, is left aside: none reaches it."""
    reason = redrive.refusal(
        execution.exec_status, execution.start_date, execution.stop_date, 0, datetime.now(UTC)
    )
    return {
        "redriveStatus": "NOT_REDRIVABLE" if reason else "REDRIVABLE",
        "redriveStatusReason": reason or None,
    }


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _size(text: str | None) -> int:
    """Return the bytes that the text takes inside of an event."""
    return len(json.dumps(text, ensure_ascii=False).encode()) if text is not None else 0


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
