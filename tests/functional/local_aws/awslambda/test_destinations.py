"""What becomes of asynchronous events: invocation records and dead letters, through boto3."""

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.conftest import Deploy
from tests.functional.events import FORWARDS, Queue, forwards_to, function_arn, topic_into
from tests.support.waiting import eventually

FAILS = "def handler(event, context):\n    raise KeyError('no such order')\n"
ANSWERS = "def handler(event, context):\n    return {'sum': event['a'] + event['b']}\n"


@pytest.fixture
def queue(embedded_aws: EmbeddedAws) -> Queue:
    return Queue(embedded_aws)


@pytest.fixture
def functions(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("lambda")


def send(functions: Any, name: str, event: Any = None) -> str:
    """Invoke asynchronously; return the request's id."""
    answer = functions.invoke(
        FunctionName=name, InvocationType="Event", Payload=json.dumps(event or {})
    )
    return str(answer["ResponseMetadata"]["RequestId"])


def configure(functions: Any, name: str, **settings: Any) -> Any:
    destinations = {
        when: {"Destination": settings.pop(when)}
        for when in ("OnSuccess", "OnFailure")
        if when in settings
    }
    return functions.put_function_event_invoke_config(
        FunctionName=name, DestinationConfig=destinations, **settings
    )


def test_a_failed_event_is_kept_with_what_went_wrong(
    functions: Any, deploy: Deploy, queue: Queue
) -> None:
    name = deploy(FAILS)
    configure(functions, name, OnFailure=queue.arn)

    request_id = send(functions, name, {"order": "é"})

    record = queue.body()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record.pop("timestamp"))
    assert (
        record.pop("responsePayload").items()
        >= {
            "errorType": "KeyError",
            "errorMessage": "'no such order'",
        }.items()
    )
    assert record == {
        "version": "1.0",
        "requestContext": {
            "requestId": request_id,
            "functionArn": f"{function_arn(name)}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": {"order": "é"},
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
    }


def test_a_success_is_told_to_its_own_destination(
    embedded_aws: EmbeddedAws, functions: Any, deploy: Deploy, queue: Queue
) -> None:
    name = deploy(ANSWERS)
    topic = topic_into(embedded_aws, queue)
    configure(functions, name, OnSuccess=topic)

    send(functions, name, {"a": 1, "b": 2})

    record = queue.body()
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["responseContext"] == {"statusCode": 200, "executedVersion": "$LATEST"}
    assert record["responsePayload"] == {"sum": 3}


def test_a_function_may_be_the_destination(functions: Any, deploy: Deploy, queue: Queue) -> None:
    receiver = deploy(FORWARDS, **forwards_to(queue))
    name = deploy(FAILS)
    configure(functions, name, OnFailure=function_arn(receiver), MaximumRetryAttempts=0)

    send(functions, name, {"x": 1})

    record = queue.body()
    assert record["requestPayload"] == {"x": 1}
    assert record["requestContext"]["approximateInvokeCount"] == 1


def test_an_event_bus_may_be_the_destination(
    embedded_aws: EmbeddedAws, functions: Any, deploy: Deploy, queue: Queue
) -> None:
    name = deploy(ANSWERS)
    events = embedded_aws.client("events")
    pattern = {
        "source": ["lambda"],
        "resources": [f"{function_arn(name)}:$LATEST"],
    }
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": queue.arn}])
    bus = "arn:aws:events:us-east-1:123456789012:event-bus/default"
    configure(functions, name, OnSuccess=bus)

    send(functions, name, {"a": 2, "b": 2})

    event = queue.body()
    assert event["detail-type"] == "Lambda Function Invocation Result - Success"
    assert event["detail"]["responsePayload"] == {"sum": 4}


@pytest.mark.parametrize("through_topic", [False, True])
def test_a_dead_letter_is_the_event_itself(
    embedded_aws: EmbeddedAws, functions: Any, deploy: Deploy, queue: Queue, through_topic: bool
) -> None:
    target = topic_into(embedded_aws, queue) if through_topic else queue.arn
    name = deploy(FAILS, DeadLetterConfig={"TargetArn": target})

    request_id = send(functions, name, {"order": 7})

    [message] = queue.messages()
    assert json.loads(message["Body"]) == {"order": 7}
    attributes = {
        key: (value["DataType"], value["StringValue"])
        for key, value in message["MessageAttributes"].items()
    }
    assert attributes == {
        "RequestID": ("String", request_id),
        "ErrorCode": ("Number", "200"),
        "ErrorMessage": ("String", "'no such order'"),
    }


def test_the_dead_letter_target_is_described_changed_and_removed(
    functions: Any, deploy: Deploy, queue: Queue
) -> None:
    name = deploy(FAILS)

    def described() -> Any:
        return functions.get_function_configuration(FunctionName=name).get("DeadLetterConfig")

    assert described() is None
    functions.update_function_configuration(
        FunctionName=name, DeadLetterConfig={"TargetArn": queue.arn}
    )
    assert described() == {"TargetArn": queue.arn}
    functions.update_function_configuration(FunctionName=name, Timeout=5)
    assert described() == {"TargetArn": queue.arn}
    functions.update_function_configuration(FunctionName=name, DeadLetterConfig={"TargetArn": ""})
    assert described() is None


def test_a_put_replaces_and_an_update_changes(functions: Any, deploy: Deploy, queue: Queue) -> None:
    name = deploy(FAILS)
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.update_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)

    configure(functions, name, OnFailure=queue.arn, MaximumRetryAttempts=1)
    functions.update_function_event_invoke_config(FunctionName=name, MaximumEventAgeInSeconds=90)
    updated = functions.get_function_event_invoke_config(FunctionName=name)
    configure(functions, name, MaximumRetryAttempts=0)
    put = functions.get_function_event_invoke_config(FunctionName=name)

    assert updated["DestinationConfig"] == {
        "OnSuccess": {},
        "OnFailure": {"Destination": queue.arn},
    }
    assert (updated["MaximumRetryAttempts"], updated["MaximumEventAgeInSeconds"]) == (1, 90)
    assert put["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {}}
    assert put["MaximumRetryAttempts"] == 0
    assert "MaximumEventAgeInSeconds" not in put
    assert put["FunctionArn"] == f"{function_arn(name)}:$LATEST"


def test_concurrency_zero_sends_events_to_the_destination_at_once(
    functions: Any, deploy: Deploy, queue: Queue
) -> None:
    name = deploy(ANSWERS)
    configure(functions, name, OnFailure=queue.arn)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)

    send(functions, name, {"a": 1})

    record = queue.body()
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert record["requestPayload"] == {"a": 1}
    assert "responseContext" not in record


def test_a_destination_that_is_gone_is_logged(
    embedded_aws: EmbeddedAws, functions: Any, deploy: Deploy
) -> None:
    name = deploy(FAILS)
    gone = f"arn:aws:sqs:us-east-1:123456789012:gone-{uuid4().hex[:8]}"
    configure(functions, name, OnFailure=gone, MaximumRetryAttempts=0)

    request_id = send(functions, name)

    log = embedded_aws.data_folder / "server.log"
    line = f"the record of event {request_id} for {gone} was not delivered"
    eventually(lambda: line in log.read_text())


def test_an_age_beyond_six_hours_is_refused(functions: Any, deploy: Deploy) -> None:
    with pytest.raises(ClientError, match="21600"):
        configure(functions, deploy(ANSWERS), MaximumEventAgeInSeconds=21601)
