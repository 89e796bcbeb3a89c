"""Activities: tasks that a worker fetches by GetActivityTask, and answers by SendTaskSuccess.

https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateActivity.html

moto has the states of the engine that wait for a worker, and no worker can come.
"""

import threading
from collections import defaultdict, deque
from typing import Any, NamedTuple

from moto.core.exceptions import AWSError
from moto.core.responses import ActionResult
from moto.stepfunctions.exceptions import ActivityDoesNotExist, InvalidToken
from moto.stepfunctions.models import Activity, StepFunctionBackend
from moto.stepfunctions.parser import api
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task_activitiy import (
    StateTaskActivity,
)
from moto.stepfunctions.parser.asl.eval.callback.callback import (
    ActivityCallbackEndpoint,
    ActivityTaskStartEndpoint,
    CallbackConsumerTimeout,
    CallbackPoolManager,
)
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import stepfunctions_parser_backends
from moto.stepfunctions.responses import StepFunctionResponse

from local_aws.stepfunctions.operations import tasks
from local_aws.wrapping import Original, replace, wrap

LONGEST_POLL_SECONDS = 60.0


class Task(NamedTuple):
    """What a worker gets."""

    token: str
    input: str


class Queue:
    """The tasks that wait for a worker, by the ARN of their activity, in their order."""

    def __init__(self) -> None:
        self._tasks: defaultdict[str, deque[Task]] = defaultdict(deque)
        self._changed = threading.Condition()

    def put(self, arn: str, task: Task) -> None:
        """Add a task, and wake those who wait for one."""
        with self._changed:
            self._tasks[arn].append(task)
            self._changed.notify_all()

    def take(self, arn: str, seconds: float) -> Task | None:
        """Return the oldest task of the activity, or None if none comes within the seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._tasks[arn], seconds)
            return self._tasks[arn].popleft() if self._tasks[arn] else None


class ActivityAlreadyExists(AWSError):
    """An activity of the name is encrypted otherwise."""

    TYPE = "ActivityAlreadyExists"


_queue = Queue()


def install() -> None:
    """Let workers fetch tasks, and executions find the activities of their account."""
    replace(ActivityTaskStartEndpoint, _outcome=None)  # moto sets it when a worker comes only
    replace(CallbackPoolManager, add_activity_task=_add_task)
    replace(StepFunctionResponse, get_activity_task=_answer_get_task)
    wrap(Execution, "__init__", _make)
    wrap(StateTaskActivity, "_eval_execution", _work)
    wrap(StepFunctionBackend, "create_activity", _create)
    wrap(StepFunctionBackend, "describe_activity", _describe)


def _make(original: Original, execution: Any, **made: Any) -> None:
    backend: Any = stepfunctions_parser_backends[made["account_id"]][made["region_name"]]
    original(execution, **{**made, "activity_store": backend.activities})


def _add_task(
    self: Any, callback_id: str, activity_arn: str, activity_input: str
) -> ActivityCallbackEndpoint:
    if activity_arn not in self._activity_store:
        raise api.ActivityDoesNotExist(f"The activity {activity_arn} does not exist.")
    endpoint = ActivityCallbackEndpoint(callback_id=callback_id, activity_input=activity_input)
    self._pool[callback_id] = endpoint
    _queue.put(activity_arn, Task(callback_id, activity_input))
    return endpoint


def _work(original: Original, state: StateTaskActivity, env: Environment) -> None:
    """Name the activity that is not there, and let nobody answer a task that has timed out."""
    try:
        original(state, env)
    except TimeoutError:
        task: Any = env.states.context_object.context_object_data["Task"]
        endpoint = env.callback_pool_manager.get(task["Token"])
        if endpoint is not None:
            endpoint.report(CallbackConsumerTimeout())
        raise
    except FailureEventException as failure:
        details: Any = failure.failure_event.event_details
        missing = f"The activity {state.resource.resource_arn} does not exist."
        details["executionFailedEventDetails"]["cause"] = missing
        raise


def _answer_get_task(response: StepFunctionResponse) -> ActionResult:
    backend: Any = response.stepfunction_backend
    arn = response._get_param("activityArn")
    backend.describe_activity(arn)
    while (task := _queue.take(arn, LONGEST_POLL_SECONDS)) is not None:
        try:
            endpoint: Any = tasks.waiting(backend, task.token)
        except (InvalidToken, tasks.TaskTimedOut):
            continue  # nobody waits for what this worker would do
        endpoint.notify_activity_task_start(worker_name=response._get_param("workerName"))
        return ActionResult({"taskToken": task.token, "input": task.input})
    return ActionResult({})


def _create(
    original: Original,
    backend: Any,
    name: str,
    tags: Any = None,
    encryption_configuration: dict[str, Any] | None = None,
) -> Activity:
    """Of two activities of a name AWS makes one, unless they are encrypted in two ways."""
    own = (each for each in backend.activities.values() if each.name == name)
    known: Activity | None = next(own, None)
    if known is None:
        made: Activity = original(backend, name, tags, encryption_configuration)
        return made
    if known.encryption_configuration != encryption_configuration:
        raise ActivityAlreadyExists(f"Activity Already Exists: '{known.arn}'")
    return known


def _describe(original: Original, backend: Any, arn: str) -> Activity:
    try:
        found: Activity = original(backend, arn)
    except ActivityDoesNotExist as error:
        raise ActivityDoesNotExist(f"Activity Does Not Exist: '{arn}'") from error
    return found
