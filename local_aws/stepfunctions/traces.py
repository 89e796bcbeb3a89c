"""A trace in X-Ray for each execution of a machine whose tracingConfiguration asks for it.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-xray-tracing.html

One segment tells of the whole execution; AWS adds a subsegment for each state. Without all of its
rights a machine runs on and leaves no trace, as on AWS.
"""

import json
import re
import secrets
from typing import Any

from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.backend.execution import Execution
from moto.xray.models import xray_backends

from local_aws.context import Context
from local_aws.iam.authorization import allows_all
from local_aws.state import moto_services
from local_aws.stepfunctions import executions
from local_aws.stepfunctions.roles import session_of

# https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html
_TRACING = (
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
)
_ROOT = re.compile(r"Root=([\w-]+)")


def install(context: Context) -> None:
    """Trace executions when they end."""

    def ended(execution: Execution) -> None:
        machine: Any = execution.state_machine
        traced = (machine.tracingConfiguration or {}).get("enabled", False)
        if execution.stop_date is None or not traced:
            return
        if allows_all(session_of(execution.role_arn), _TRACING):
            backend = xray_backends[execution.account_id][execution.region_name]
            backend.process_segment(json.dumps(_segment(execution)))
            context.state.changed(moto_services.PART, "xray")

    executions.status_observers.append(ended)


def _segment(execution: Any) -> dict[str, Any]:
    """https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html"""
    given = _ROOT.search(execution.trace_header or "")
    start = execution.start_date.timestamp()
    return {
        "name": execution.state_machine.name,
        "id": secrets.token_hex(8),
        "trace_id": given[1] if given else f"1-{int(start):08x}-{secrets.token_hex(12)}",
        "start_time": start,
        "end_time": execution.stop_date.timestamp(),
        "origin": "AWS::StepFunctions::StateMachine",
        "aws": {"execution_arn": execution.exec_arn},
        "fault": execution.exec_status != ExecutionStatus.SUCCEEDED,
    }
