"""Which calls AWS answers, or carries out, later than one expects: a table for each kind of fault.

Without a fault everything here is at once. A service asks `seconds` how far a request of this very
thread is to lag behind; it is 0 for one that no fault has struck.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

LAG = "local_aws.lag"  # in the environment of a request that a fault has struck
LONGEST_SECONDS = 3600.0  # what was before that is forgotten

_STATES = "https://docs.aws.amazon.com/step-functions/latest/apireference/API_"
_IAM = "https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html"
_S3 = "https://docs.aws.amazon.com/AmazonS3/latest/API/API_"
_SAGEMAKER = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_"
_SQS = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_"
_LOGS = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_"

# Reads that answer as of some seconds ago, each with the page that says so. None of S3's is here:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel
STALE = {
    "stepfunctions/DescribeExecution": f"{_STATES}DescribeExecution.html",
    "stepfunctions/DescribeStateMachine": f"{_STATES}DescribeStateMachine.html",
    "stepfunctions/ListExecutions": f"{_STATES}ListExecutions.html",
    "stepfunctions/ListStateMachines": f"{_STATES}ListStateMachines.html",
    "iam/GetRole": _IAM,
    "iam/GetRolePolicy": _IAM,
    "iam/ListAttachedRolePolicies": _IAM,
    "iam/ListRolePolicies": _IAM,
    "sqs/GetQueueAttributes": f"{_SQS}GetQueueAttributes.html",  # its counts
    "logs/DescribeLogStreams": f"{_LOGS}DescribeLogStreams.html",  # the time of the last event
    # Believed, no page says it:
    "logs/DescribeLogGroups": "",  # storedBytes
    "sagemaker/ListProcessingJobs": "",
    "sagemaker/ListTrainingJobs": "",
}

# Writes that are answered, and can be read, some seconds before services go by them.
PROPAGATION = {
    "iam/AttachRolePolicy": _IAM,
    "iam/CreateRole": _IAM,
    "iam/DeleteRole": _IAM,
    "iam/DeleteRolePermissionsBoundary": _IAM,
    "iam/DeleteRolePolicy": _IAM,
    "iam/DetachRolePolicy": _IAM,
    "iam/PutRolePermissionsBoundary": _IAM,
    "iam/PutRolePolicy": _IAM,
    "iam/UpdateAssumeRolePolicy": _IAM,
    # The first one of a bucket; that objects have the version id `null` until then is believed:
    "s3/PutBucketVersioning": f"{_S3}PutBucketVersioning.html",
    # Executions may start by the definition of before:
    "stepfunctions/UpdateStateMachine": f"{_STATES}UpdateStateMachine.html",
    # Believed, no page says it:
    "lambda/PutFunctionEventInvokeConfig": "",
}

# What goes on for some seconds after the call that ends it was answered.
LASTING = {
    # DELETING, when its executions have ended; how long is believed:
    "stepfunctions/DeleteStateMachine": f"{_STATES}DeleteStateMachine.html",
    # The jobs of the execution are stopped so much later, by the role that the machine has then:
    "stepfunctions/StopExecution": "https://docs.aws.amazon.com/step-functions/latest/dg/sagemaker-iam.html",
    # Stopping:
    "sagemaker/StopProcessingJob": f"{_SAGEMAKER}StopProcessingJob.html",
    "sagemaker/StopTrainingJob": f"{_SAGEMAKER}StopTrainingJob.html",
}

KINDS = {"stale": STALE, "propagation": PROPAGATION, "lasting": LASTING}

_NONE = ("", 0.0)
_LOOK_AT_THE_CLOCK_SECONDS = 0.05

_lag: ContextVar[tuple[str, float]] = ContextVar("lag", default=_NONE)


@contextmanager
def lagging(environ: "WSGIEnvironment") -> Iterator[None]:
    """Let the service that handles the request meanwhile know how far that is to lag behind."""
    token = _lag.set(environ.get(LAG, _NONE))
    try:
        yield
    finally:
        _lag.reset(token)


def seconds(kind: str) -> float:
    """Return how many seconds this thread's request lags behind in that way; mostly 0."""
    found, lag = _lag.get()
    return lag if found == kind else 0.0


def wait_until(moment: float) -> None:
    """Return at that time, in seconds since 1970, by the clock of the embedded AWS.

    A test may have that clock in hand; what waits by itself would not see it moved.
    """
    while time.time() < moment:
        time.sleep(_LOOK_AT_THE_CLOCK_SECONDS)
