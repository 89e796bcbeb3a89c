"""Errors of AWS that may pass, under the names that the state machine retries."""

import functools
from collections.abc import Callable
from http import HTTPStatus
from typing import ParamSpec, TypeVar

from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)

from lambdas.boundary.s3_objects import CONFLICTS, error_code
from lambdas.errors import AccessDeniedError, ThrottlingError

P = ParamSpec("P")
R = TypeVar("R")

# What boto3 itself retries, https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
THROTTLING_CODES = {
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeout",
    "RequestTimeoutException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
}
# A right that a deployment has just given is refused for some seconds, or a minute:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html. The number is HeadObject's.
DENIED_CODES = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "403"}
OF_KMS = "KMS."  # how S3 begins a code that it passes on from KMS

# No connection, one that ended too early, and bytes that are not those that S3 sent.
BROKEN_OFF = (EndpointConnectionError, FlexibleChecksumError, HTTPClientError)


def naming_transient_errors(handler: Callable[P, R]) -> Callable[P, R]:
    """Make a handler raise ThrottlingError where AWS throttles, fails or cannot be reached.

    boto3 has retried by then. And AccessDeniedError where AWS refuses a call, which boto3 does not
    try again. Lambda reports the class name, and botocore's ClientError would say nothing of
    whether a retry makes sense.
    """

    @functools.wraps(handler)
    def handle(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return handler(*args, **kwargs)
        except ClientError as error:
            if may_pass(error):
                raise ThrottlingError(str(error)) from error
            if error_code(error).removeprefix(OF_KMS) in DENIED_CODES:
                raise AccessDeniedError(str(error)) from error
            raise
        except IncompleteReadError as error:  # whose text names nothing
            raise ThrottlingError(f"An answer of S3 broke off: {error}") from error
        except BROKEN_OFF as error:
            raise ThrottlingError(str(error)) from error

    return handle


def may_pass(error: ClientError) -> bool:
    """Tell whether AWS throttles, fails or met a conflicting write, so that a retry makes sense."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    throttled = status == HTTPStatus.TOO_MANY_REQUESTS
    failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    code = error_code(error).removeprefix(OF_KMS)
    return throttled or failed or code in THROTTLING_CODES | CONFLICTS
