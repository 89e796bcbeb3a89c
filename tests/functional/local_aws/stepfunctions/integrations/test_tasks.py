"""Tasks of service integrations through boto3: what a service is asked, and what a state gets."""

import json
import re
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from tests.functional.local_aws.stepfunctions.test_executions import WAIT, create, echo, ended, run
from tests.functional.sagemaker_requests import unique
from tests.support.waiting import eventually

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")


@pytest.fixture
def states(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("stepfunctions")


def task(resource: str, **parameters: Any) -> dict[str, Any]:
    arn = f"arn:aws:states:::{resource}"
    return {"Type": "Task", "Resource": arn, "Parameters": parameters, "End": True}


def outputs(states: Any, *tasks: dict[str, Any], given: str = "{}") -> Any:
    """Run the tasks in a Map of one after the other; return what each of them gives."""
    branches = [
        {"StartAt": f"Task{n}", "States": {f"Task{n}": each}} for n, each in enumerate(tasks)
    ]
    state = {"Type": "Parallel", "Branches": branches, "End": True}
    execution = run(states, ("Tasks", state), given=given)
    assert execution["status"] == "SUCCEEDED", execution
    assert states.get_execution_history(executionArn=execution["executionArn"])["events"]
    return json.loads(execution["output"])


def test_an_execution_starts_another_and_waits_for_it(states: Any) -> None:
    child = create(states, echo(**{"got.$": "$.x"}))
    start = {"StateMachineArn": child, "Input": {"x": 1}}

    started, text, value = outputs(
        states,
        task("states:startExecution", **start),
        task("states:startExecution.sync", **start),
        task("states:startExecution.sync:2", **start),
    )

    assert started["ExecutionArn"].startswith(child.replace(":stateMachine:", ":execution:"))
    assert started["SdkHttpMetadata"]["HttpStatusCode"] == 200
    assert isinstance(started["StartDate"], int)
    assert (text["Status"], text["Input"], text["Output"]) == ("SUCCEEDED", '{"x":1}', '{"got":1}')
    assert (value["Input"], value["Output"]) == ({"x": 1}, {"got": 1})
    assert value["StateMachineArn"] == child
    assert value["InputDetails"] == value["OutputDetails"] == {"Included": True}
    assert isinstance(value["StopDate"], int)
    assert "SdkHttpMetadata" not in value


def test_a_child_that_fails_fails_its_parent_with_its_description(states: Any) -> None:
    child = create(states, ("No", {"Type": "Fail", "Error": "Mine", "Cause": "no"}))

    start = task("states:startExecution.sync:2", StateMachineArn=child)
    execution = run(states, ("Start", start))

    assert execution["error"] == "States.TaskFailed"
    said = json.loads(execution["cause"])
    assert (said["Status"], said["Error"], said["Cause"]) == ("FAILED", "Mine", "no")


def test_a_child_is_stopped_with_its_parent(states: Any) -> None:
    child = create(states, WAIT)
    parent = create(states, ("Start", task("states:startExecution.sync", StateMachineArn=child)))
    started = states.start_execution(stateMachineArn=parent)["executionArn"]

    (running,) = eventually(lambda: states.list_executions(stateMachineArn=child)["executions"])
    states.stop_execution(executionArn=started)

    assert ended(states, running["executionArn"])["status"] == "ABORTED"


def test_objects_are_stored_and_read_as_json_and_text(
    embedded_aws: EmbeddedAws, states: Any
) -> None:
    s3, bucket = embedded_aws.client("s3"), unique("bucket")
    s3.create_bucket(Bucket=bucket)
    bodies = ["text data", {"a": [1]}, [1, "b"]]
    puts = [
        task("aws-sdk:s3:putObject", Bucket=bucket, Key=str(n), Body=body)
        for n, body in enumerate(bodies)
    ]

    put = outputs(states, *puts)
    got, listed = outputs(
        states,
        task("aws-sdk:s3:getObject", Bucket=bucket, Key="0"),
        task("aws-sdk:s3:listObjectsV2", Bucket=bucket),
    )

    assert all(each["ETag"].startswith('"') for each in put)
    assert [s3.get_object(Bucket=bucket, Key=str(n))["Body"].read() for n in range(3)] == [
        b'"text data"',
        b'{"a":[1]}',
        b'[1,"b"]',
    ]
    assert (got["Body"], got["ContentLength"]) == ('"text data"', 11)
    assert TIME.fullmatch(got["LastModified"])
    assert [item["Key"] for item in listed["Contents"]] == ["0", "1", "2"]
    assert all(TIME.fullmatch(item["LastModified"]) for item in listed["Contents"])
    assert "SdkHttpMetadata" not in listed


def test_services_are_called_by_their_names_in_the_sdk_for_java(states: Any) -> None:
    child = create(states, echo(x=1))

    groups, started = outputs(
        states,
        task("aws-sdk:cloudwatchlogs:describeLogGroups"),
        task("aws-sdk:sfn:startExecution", StateMachineArn=child, Input={"x": 1}),
    )

    assert isinstance(groups["LogGroups"], list)
    assert TIME.fullmatch(started["StartDate"])


@pytest.mark.parametrize(
    ("resource", "parameters", "error"),
    [
        ("aws-sdk:s3:getObject", {"Bucket": "none-such", "Key": "k"}, "S3.NoSuchBucketException"),
        ("aws-sdk:ssm:getParameter", {"Name": "/none"}, "Ssm.ParameterNotFoundException"),
        (
            "aws-sdk:lambda:getFunction",
            {"FunctionName": "none"},
            "Lambda.ResourceNotFoundException",
        ),
        (
            "aws-sdk:dynamodb:putItem",
            {"TableName": "t", "Item": None},
            "DynamoDb.DynamoDbException",
        ),
        ("aws-sdk:sqs:getQueueUrl", {"QueueName": "none"}, "Sqs.QueueDoesNotExistException"),
    ],
)
def test_errors_are_called_by_their_classes(
    states: Any, resource: str, parameters: dict[str, Any], error: str
) -> None:
    execution = run(states, ("Call", task(resource, **parameters)))

    assert execution["error"] == error
    assert f"(Service: {error.partition('.')[0]}, Status Code: 4" in execution["cause"]


def test_an_optimized_integration_tells_of_its_call(embedded_aws: EmbeddedAws, states: Any) -> None:
    queue = embedded_aws.client("sqs").create_queue(QueueName=unique("queue"))["QueueUrl"]

    (sent,) = outputs(states, task("sqs:sendMessage", QueueUrl=queue, MessageBody={"a": 1}))

    assert {"MD5OfMessageBody", "MessageId"} <= sent.keys()
    assert sent["SdkHttpMetadata"]["HttpStatusCode"] == 200
    headers = sent["SdkHttpMetadata"]["HttpHeaders"]
    assert sent["SdkHttpMetadata"]["AllHttpHeaders"] == {k: [v] for k, v in headers.items()}
    assert sent["SdkResponseMetadata"]["RequestId"]


@pytest.mark.parametrize(
    ("resource", "parameters", "error", "cause"),
    [
        (
            "sqs:sendMessage",
            {"QueueUrl": "http://no-such-host", "MessageBody": "x"},
            "SQS.SdkClientException",
            "Unable to execute HTTP request: no-such-host: Name or service not known",
        ),
        (
            "sqs:sendMessage",
            {"QueueUrl": "http://localhost/123456789012/none", "MessageBody": "x"},
            "SQS.QueueDoesNotExistException",
            "(Service: AmazonSQS; Status Code: 400; ",
        ),
        (
            "dynamodb:getItem",
            {"TableName": "/none", "Key": {}},
            "DynamoDB.AmazonDynamoDBException",
            "1 validation error detected: Value '/none' at 'tableName' failed to satisfy",
        ),
    ],
)
def test_an_optimized_integration_has_the_errors_of_version_1(
    states: Any, resource: str, parameters: dict[str, Any], error: str, cause: str
) -> None:
    execution = run(states, ("Call", task(resource, **parameters)))

    assert execution["error"] == error, execution
    assert cause in execution["cause"]


@pytest.mark.parametrize("field", ["TimeoutSecondsPath", "HeartbeatSecondsPath"])
def test_a_path_to_no_seconds_ends_the_execution_as_the_state_is_entered(
    states: Any, field: str
) -> None:
    state = task("aws-sdk:s3:listBuckets") | {field: "$.none"}

    execution = run(states, ("Call", state))
    history = states.get_execution_history(executionArn=execution["executionArn"])["events"]

    assert [event["type"] for event in history] == [
        *("ExecutionStarted", "TaskStateEntered", "ExecutionFailed"),
    ]
