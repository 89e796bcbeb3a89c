"""States that invoke a Lambda: one timeout, one way to retry."""

from typing import Any

from state_machine.definition.deployed import Deployed
from state_machine.sdk.asl import LambdaStep, Retry

# How long a Lambda state may take in all, its own retries by Step Functions not counted.
LAMBDA_STATE_SECONDS = 360

# Lambda's own transient failures, as AWS advises to retry them:
# https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
LAMBDA_TRANSIENT = [
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "ThrottlingError",
]


def lambda_state(
    state: str, function: str, payload: dict[str, Any], deployed: Deployed, **fields: Any
) -> LambdaStep:
    """The state that invokes `function` with `payload`; `fields` say where its result goes."""
    return LambdaStep(
        state,
        resource=deployed.names.integration("lambda:invoke"),
        parameters={"FunctionName": deployed.names.function_arn(function), "Payload": payload},
        timeout_seconds=LAMBDA_STATE_SECONDS,
        retry=Retry(
            error_equals=LAMBDA_TRANSIENT,
            interval_seconds=1,
            max_attempts=6,
            backoff_rate=2.0,
            max_delay_seconds=60,
        ),
        **fields,
    )
