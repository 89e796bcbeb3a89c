"""Announcing executions that ended without success, in words that can be read at a glance.

EventBridge tells of the end, because a Catch in the state machine would be the state that a redrive
resumes at, instead of the one that failed.
"""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambdas.boundary.text import one_line, printable
from lambdas.gate.verdicts import REJECTED_ERROR
from lambdas.runs.causes import readable_cause
from lambdas.runs.executions import run_id

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

log = logging.getLogger(__name__)

# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
LONGEST_SUBJECT = 100
LONGEST_CAUSE = 2000


def pattern(state_machine_arn: str) -> dict[str, Any]:
    """Return what EventBridge is to tell: executions of the machine that ended without success.

    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    return {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "stateMachineArn": [state_machine_arn],
            "status": ["FAILED", "TIMED_OUT", "ABORTED"],
        },
    }


def announce(
    event: Mapping[str, Any],
    *,
    topic_arn: str,
    bucket: str,
    stage: str,
    sns: "SNSClient",
    stepfunctions: "SFNClient",
) -> dict[str, Any]:
    """Publish which execution ended how, at which state, why, and how to resume it.

    A rejected model has a report in the ``bucket`` of the runs: that is linked. ``stage`` is the
    one that the command is for.

    ``event`` is a ``Step Functions Execution Status Change`` of EventBridge. It names the
    execution; all else is asked for, because EventBridge leaves out what is long.
    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    """
    arn = event["detail"]["executionArn"]
    execution = stepfunctions.describe_execution(executionArn=arn)
    state = _last_state(stepfunctions, arn)
    subject = f"{execution['status']}: {execution['name']} at {state}"
    sns.publish(
        TopicArn=topic_arn,
        # ASCII on one line, or SNS refuses it.
        Subject=one_line(subject.encode("ascii", "replace").decode(), LONGEST_SUBJECT),
        Message=_text(execution, state, bucket, stage),
    )
    log.info("announced", extra={"execution": arn, "status": execution["status"], "state": state})
    return {"execution_arn": arn, "status": execution["status"], "state": state}


def _last_state(stepfunctions: "SFNClient", execution_arn: str) -> str:
    """Return the state that the execution was in when it ended.

    The history is read newest first, so the first state that was entered is the last one.
    """
    pages = stepfunctions.get_paginator("get_execution_history").paginate(
        executionArn=execution_arn, reverseOrder=True, includeExecutionData=False
    )
    entered = (
        event["stateEnteredEventDetails"]["name"]
        for page in pages
        for event in page["events"]
        if "stateEnteredEventDetails" in event
    )
    return next(entered, "its start")


def _text(execution: "DescribeExecutionOutputTypeDef", state: str, bucket: str, stage: str) -> str:
    machine = execution["stateMachineArn"].rsplit(":", 1)[-1]
    rejected = execution.get("error") == REJECTED_ERROR
    report = f"s3://{bucket}/runs/{run_id(execution['executionArn'])}/report.html"
    rows = {
        "Execution": f"{execution['name']} of {machine}",
        "Status": execution["status"],
        "State": state,
        "Cause": _cause(execution),
        **({"Report": report} if rejected else {}),
        "Resume": _resume(execution, stage),
        "ARN": execution["executionArn"],
    }
    lines = (f"{name:<11}{printable(value)}" for name, value in rows.items())
    return "\n".join(lines) + "\n"


def _cause(execution: "DescribeExecutionOutputTypeDef") -> str:
    parts = [execution.get("error", ""), shown_cause(execution.get("cause", ""))]
    return ": ".join(part for part in parts if part) or "none was given"


def shown_cause(cause: str) -> str:
    """Return what a person looks for in a Cause, on one line of bounded length."""
    return one_line(readable_cause(cause), LONGEST_CAUSE)


def _resume(execution: "DescribeExecutionOutputTypeDef", stage: str) -> str:
    if execution.get("error") == REJECTED_ERROR:
        return (
            "not possible, a rejection is final: the model was measured and did not pass. "
            "Change the data, the hyperparameters or the gate, and start a new execution"
        )
    command = f"retrain redrive {execution['name']} --stage {stage}"
    return f"{command}  (finished states are not repeated)"
