"""States that invoke a Lambda: one timeout, one way to retry."""

from collections.abc import Sequence
from typing import Any

from lambdas.data_sets.copies import LONGEST_CALL_SECONDS
from state_machine.definition.deployed import Deployed
from state_machine.sdk.asl import LambdaStep, Retry

# How long one attempt of a Lambda state may take: longer than the function's own timeout.
LAMBDA_STATE_SECONDS = 360
PREPARE_RUN_SECONDS = LONGEST_CALL_SECONDS + 60

# What one call of PrepareRun does not copy, the next ones do. A call that was killed by Lambda's
# timeout has two names: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
TIMED_OUT = ["Lambda.Unknown", "Sandbox.Timedout"]
UNFINISHED = ["UnfinishedCopyError", *TIMED_OUT]
MORE_CALLS = 20

# Lambda's own transient failures, as AWS advises to retry them:
# https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
# ResourceConflictException is Invoke's answer for a version that is not active yet.
LAMBDA_TRANSIENT = [
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.ResourceConflictException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "ThrottlingError",
    *TIMED_OUT,
]


def lambda_state(
    state: str,
    function: str,
    payload: dict[str, Any],
    deployed: Deployed,
    *,
    timeout_seconds: int = LAMBDA_STATE_SECONDS,
    retry: Sequence[Retry] = (),
    **fields: Any,
) -> LambdaStep:
    """The state that invokes `function` with `payload`; `fields` say where its result goes.

    `retry` stands before the retriers that every Lambda has.
    """
    return LambdaStep(
        state,
        resource=deployed.names.integration("lambda:invoke"),
        parameters={"FunctionName": deployed.function_arn(function), "Payload": payload},
        timeout_seconds=timeout_seconds,
        retry=[*retry, _transient_retry(), _denied_retry()],
        **fields,
    )


def unfinished_retry() -> Retry:
    """Call PrepareRun again at once until the data are copied."""
    return Retry(
        error_equals=UNFINISHED,
        interval_seconds=1,
        max_attempts=MORE_CALLS,
        backoff_rate=2.0,
        max_delay_seconds=2,
    )


def _transient_retry() -> Retry:
    return Retry(
        error_equals=LAMBDA_TRANSIENT,
        interval_seconds=1,
        max_attempts=6,
        backoff_rate=2.0,
        max_delay_seconds=60,
    )


def _denied_retry() -> Retry:
    """Try again, for one to three minutes, what the Lambda's role may not do yet.

    IAM names no bound for how long a new role or policy takes:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html. A right that is really
    missing fails the state that much later.
    """
    return Retry(
        error_equals=["AccessDeniedError"],
        interval_seconds=4,
        max_attempts=6,
        backoff_rate=2.0,
        max_delay_seconds=60,
    )
