"""SendTaskSuccess, SendTaskFailure and SendTaskHeartbeat: of callbacks and of activities.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskHeartbeat.html

moto fails in its own errors, forgets the cause of a failure, and does not know that a task is over
when its execution is.
"""

import json
from typing import Any

from moto.core.exceptions import AWSError
from moto.core.responses import EmptyResult
from moto.stepfunctions.exceptions import InvalidToken
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    CallbackEndpoint,
    CallbackOutcome,
    CallbackOutcomeFailure,
    CallbackOutcomeSuccess,
)
from moto.stepfunctions.responses import StepFunctionResponse

from local_aws.wrapping import replace


class TaskTimedOut(AWSError):
    """The task is over: it timed out, was answered, or its execution has ended."""

    TYPE = "TaskTimedOut"


class InvalidOutput(AWSError):
    """The output of a task is no JSON."""

    TYPE = "InvalidOutput"


def install() -> None:
    """Answer the three."""
    replace(
        StepFunctionResponse,
        send_task_success=_answer_success,
        send_task_failure=_answer_failure,
        send_task_heartbeat=_answer_heartbeat,
    )


def waiting(backend: Any, token: str) -> CallbackEndpoint:
    """Return where the execution waits that the token is of. Raises InvalidToken, TaskTimedOut."""
    for execution, pool in _pools(backend):
        endpoint = pool.get(token)
        if endpoint is None:
            continue
        over = execution.stop_date is not None or endpoint.consumer_error is not None
        if over or endpoint.get_outcome() is not None:
            raise TaskTimedOut("Task Timed Out: 'Provided task does not exist anymore'")
        found: CallbackEndpoint = endpoint
        return found
    raise InvalidToken("'Invalid token'")


def _pools(backend: Any) -> Any:
    for execution in backend._get_executions():
        environment = execution.exec_worker and execution.exec_worker.env
        if environment:
            yield execution, environment.callback_pool_manager


def _answer_success(response: StepFunctionResponse) -> EmptyResult:
    token, output = response._get_param("taskToken"), response._get_param("output")
    try:
        json.loads(output)
    except ValueError as error:
        raise InvalidOutput(f"Invalid Output: '{error}'") from error
    return _tell(response, CallbackOutcomeSuccess(token, output))


def _answer_failure(response: StepFunctionResponse) -> EmptyResult:
    token = response._get_param("taskToken")
    error, cause = response._get_param("error"), response._get_param("cause")
    return _tell(response, CallbackOutcomeFailure(token, error, cause))


def _tell(response: StepFunctionResponse, outcome: CallbackOutcome) -> EmptyResult:
    waiting(response.stepfunction_backend, outcome.callback_id).notify(outcome)
    return EmptyResult()


def _answer_heartbeat(response: StepFunctionResponse) -> EmptyResult:
    """A heartbeat of a task that needs none is taken."""
    waiting(response.stepfunction_backend, response._get_param("taskToken")).notify_heartbeat()
    return EmptyResult()
