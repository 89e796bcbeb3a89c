"""Resume an execution at the state that failed, where that makes sense.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
"""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.gate.verdicts import REJECTED_ERROR
from operations.errors import FinalDecisionError, NotRedrivableError

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_stepfunctions.type_defs import DescribeExecutionOutputTypeDef

POLL_SECONDS = 0.25
PATIENCE_SECONDS = 15.0
START_ANEW = "start anew with other data or settings: `retrain upload FOLDER` or `retrain start`"


def redrive(
    states: "SFNClient",
    execution_arn: str,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> int:
    """Resume the execution at the state that failed; return how often it has been resumed.

    Returns once DescribeExecution, which is eventually consistent, tells of the redrive. Raises
    FinalDecisionError if the gate rejected the model, NotRedrivableError if AWS refuses, and
    botocore's errors.
    """
    before = states.describe_execution(executionArn=execution_arn)
    if before.get("error") == REJECTED_ERROR:
        raise _final(before)
    try:
        states.redrive_execution(executionArn=execution_arn)
    except ClientError as error:
        if error.response["Error"].get("Code") != "ExecutionNotRedrivable":
            raise
        raise _not_redrivable(before, error.response["Error"].get("Message", "")) from error
    deadline = clock() + PATIENCE_SECONDS
    count = before.get("redriveCount", 0)
    while (now := _count(states, execution_arn)) <= count and clock() < deadline:
        sleep(POLL_SECONDS)
    return max(now, count + 1)


def _count(states: "SFNClient", execution_arn: str) -> int:
    return states.describe_execution(executionArn=execution_arn).get("redriveCount", 0)


def _final(described: "DescribeExecutionOutputTypeDef") -> FinalDecisionError:
    why = f" ({described['cause']})" if described.get("cause") else ""
    return FinalDecisionError(
        f"The gate rejected the model of {described['name']}{why}: that is final, "
        "and resuming could only reject it again",
        START_ANEW,
    )


def _not_redrivable(described: "DescribeExecutionOutputTypeDef", reason: str) -> NotRedrivableError:
    name = described["name"]
    next_steps = {
        "is RUNNING": f"`retrain watch {name}` follows it",
        "is SUCCEEDED": "there is nothing to resume; `retrain start --again` starts another",
    }
    next_step = next((step for words, step in next_steps.items() if words in reason), START_ANEW)
    return NotRedrivableError(f"{name} cannot be resumed: {reason.rstrip('.')}", next_step)
