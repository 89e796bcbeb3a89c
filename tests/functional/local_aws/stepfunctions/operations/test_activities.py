"""Activities through boto3: a worker fetches tasks, and tells how they went."""

import json
from typing import Any

import pytest

from tests.functional.sagemaker_requests import unique
from tests.support.waiting import eventually


@pytest.fixture
def activity(states: Any) -> str:
    return str(states.create_activity(name=unique("activity"))["activityArn"])


def start(states: Any, make: Any, activity: str, **more: Any) -> str:
    state = {"Type": "Task", "Resource": activity, "End": True, **more}
    arn = make(state)["stateMachineArn"]
    return str(states.start_execution(stateMachineArn=arn, input='{"a": 1}')["executionArn"])


def ended(states: Any, execution: str) -> dict[str, Any]:
    def look() -> Any:
        told = states.describe_execution(executionArn=execution)
        return None if told["status"] == "RUNNING" else told

    found: dict[str, Any] = eventually(look)
    return found


def test_a_worker_does_a_task(states: Any, make: Any, refused: Any, activity: str) -> None:
    execution = start(states, make, activity, HeartbeatSeconds=60)

    task = states.get_activity_task(activityArn=activity, workerName="me")
    states.send_task_heartbeat(taskToken=task["taskToken"])
    no_json = refused("send_task_success", taskToken=task["taskToken"], output="{")
    states.send_task_success(taskToken=task["taskToken"], output='{"b": 2}')

    assert json.loads(task["input"]) == {"a": 1}
    assert json.loads(ended(states, execution)["output"]) == {"b": 2}
    assert no_json[0] == "InvalidOutput"
    events = states.get_execution_history(executionArn=execution)["events"]
    details = {each["type"]: each for each in events}
    assert details["ActivityScheduled"]["activityScheduledEventDetails"]["resource"] == activity
    assert details["ActivityStarted"]["activityStartedEventDetails"] == {"workerName": "me"}
    assert "ActivitySucceeded" in details
    for operation in ("send_task_heartbeat", "send_task_failure"):
        assert refused(operation, taskToken=task["taskToken"]) == (
            "TaskTimedOut",
            "Task Timed Out: 'Provided task does not exist anymore'",
        )


def test_a_task_fails_with_error_and_cause(states: Any, make: Any, activity: str) -> None:
    execution = start(states, make, activity)

    task = states.get_activity_task(activityArn=activity)
    states.send_task_failure(taskToken=task["taskToken"], error="Own.Error", cause="because")

    told = ended(states, execution)
    assert (told["status"], told["error"], told["cause"]) == ("FAILED", "Own.Error", "because")


def test_a_task_of_a_stopped_execution_is_given_to_nobody(
    states: Any, make: Any, activity: str
) -> None:
    stopped = start(states, make, activity)
    states.stop_execution(executionArn=stopped)
    state = {"Type": "Task", "Resource": activity, "End": True}
    arn = make(state)["stateMachineArn"]
    states.start_execution(stateMachineArn=arn, input='{"the": "second"}')

    task = states.get_activity_task(activityArn=activity)

    assert json.loads(task["input"]) == {"the": "second"}
    states.send_task_success(taskToken=task["taskToken"], output="1")


def test_a_task_that_no_worker_fetches_times_out(states: Any, make: Any, activity: str) -> None:
    told = ended(states, start(states, make, activity, TimeoutSeconds=1))

    assert (told["status"], told["error"]) == ("FAILED", "States.Timeout")


def test_what_is_not_there_is_said(states: Any, make: Any, refused: Any, activity: str) -> None:
    missing = f"{activity}-none"

    told = ended(states, start(states, make, missing))

    assert told["error"] == "States.Runtime"
    assert told["cause"].endswith(f"The activity {missing} does not exist.")
    said = ("ActivityDoesNotExist", f"Activity Does Not Exist: '{missing}'")
    assert refused("describe_activity", activityArn=missing) == said
    assert refused("get_activity_task", activityArn=missing) == said
    assert refused("send_task_success", taskToken="none", output="1") == (
        "InvalidToken",
        "Invalid Token: 'Invalid token'",
    )
    states.delete_activity(activityArn=missing)


def test_to_create_an_activity_again_is_to_find_it(states: Any) -> None:
    name = unique("activity")

    first, second = (states.create_activity(name=name) for _ in range(2))

    assert (first["activityArn"], first["creationDate"]) == (
        second["activityArn"],
        second["creationDate"],
    )
    listed = states.list_activities(maxResults=1000)["activities"]
    assert [each["name"] for each in listed].count(name) == 1
