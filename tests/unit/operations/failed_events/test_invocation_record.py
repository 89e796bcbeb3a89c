"""Lambda's records of failed invocations, read into words."""

import json
from typing import Any

import pytest

from operations.failed_events.invocation_record import LONGEST_EVENT, NotARecordError, read
from tests.support.paths import EVENTS

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:retrain-dev-on_upload"


def record(payload: Any, **fields: Any) -> str:
    """The message that Lambda sends when an invocation with `payload` has failed for good."""
    return json.dumps(
        {
            "version": "1.0",
            "timestamp": "2026-02-07T11:52:29.102Z",
            "requestContext": {
                "requestId": "e4b46cbf-b738-xmpl-8880-a18cdf61200e",
                "functionArn": f"{FUNCTION}:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": 3,
            },
            "requestPayload": payload,
            "responseContext": {"statusCode": 200, "functionError": "Unhandled"},
            "responsePayload": {"errorType": "ClientError", "errorMessage": "SlowDown"},
        }
        | fields
    )


def kept_event(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text())


def test_a_record_says_which_function_how_often_and_why() -> None:
    found = read(record({"a": 1}))
    assert (found.function, found.function_arn) == ("retrain-dev-on_upload", FUNCTION)
    assert (found.attempts, found.condition) == (3, "RetriesExhausted")
    assert found.cause == "ClientError: SlowDown"
    assert found.payload == {"a": 1}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("s3_put", "S3 ObjectCreated:Put raw_data/fashion-mnist/train-images-idx3-ubyte.gz"),
        ("s3_eventbridge_created", "S3 Object Created raw_data/fashion-mnist/train-images-idx3"),
        ("s3_sns", "S3 ObjectCreated:Put raw_data/fashion-mnist/train-images-idx3-ubyte.gz"),
        ("s3_sqs", "S3 ObjectCreated:Put raw_data/fashion-mnist/train-images-idx3-ubyte.gz, raw"),
        ("s3_eventbridge_sns_sqs", "S3 Object Created raw_data/fashion-mnist/train-images-idx3-"),
        ("schedule", "Scheduled Event of arn:aws:events:us-east-1:123456789012:rule/retrain-dev-"),
        ("execution_failed", "Step Functions Execution Status Change of arn:aws:states:"),
        ("sns_message", "SNS retrain-dev-retrain: {"),
        ("s3_test_event", '{"Service": "Amazon S3", "Event": "s3:TestEvent"'),
    ],
)
def test_an_event_is_one_readable_line(name: str, told: str) -> None:
    assert read(record(kept_event(name))).event.startswith(told)


def test_the_keys_of_objects_are_as_their_uploader_wrote_them_and_each_stands_once() -> None:
    event = kept_event("s3_special_characters")
    event["Records"] *= 2
    file = "train-images-idx3-ubyte.gz"
    told = read(record(event)).event
    assert told.endswith(f"raw_data/café + thé 100%/{file}, raw_data/数字/{file}")
    assert told.count(file) == 2


@pytest.mark.parametrize(
    ("response", "cause"),
    [
        ({"errorMessage": "Task timed out after 60.00 seconds"}, "Task timed out after 60.00 s"),
        ({"errorType": "E", "errorMessage": "two\nlines"}, "E: two lines"),
        (None, ""),
        (["odd"], '["odd"]'),
    ],
)
def test_the_cause_is_what_the_function_said_last(response: Any, cause: str) -> None:
    assert read(record({}, responsePayload=response)).cause.startswith(cause)


def test_a_long_event_is_cut_and_control_characters_are_not_shown() -> None:
    told = read(record({"text": "\x1b[31m" + "x" * 5000})).event
    assert len(told) == LONGEST_EVENT
    assert told.isprintable()


@pytest.mark.parametrize(
    "payload", [None, 7, [], {"Records": []}, {"Records": [7]}, {"Records": [{"s3": {}}]}]
)
def test_whatever_the_payload_is_it_can_be_told(payload: Any) -> None:
    found = read(record(payload))
    assert found.payload == payload
    assert found.event


def test_a_record_of_many_objects_with_an_odd_one_among_them_is_told() -> None:
    event = kept_event("s3_put")
    event["Records"] += ["odd", {"s3": {"object": 7}}]
    assert read(record(event)).event.endswith("train-images-idx3-ubyte.gz")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("hello", "which is not JSON"),
        ("[" * 100_000, "which is not JSON"),
        ("[]", "expected a function's ARN and a requestPayload"),
        ('{"requestContext": {"functionArn": 7}, "requestPayload": {}}', "expected a function's"),
        (
            '{"requestContext": {"functionArn": "arn:aws:sqs:a:b:c"}, "requestPayload": {}}',
            "expected a function's ARN",
        ),
        (json.dumps({"requestContext": {"functionArn": FUNCTION}}), "and a requestPayload"),
    ],
)
def test_what_is_no_record_says_so_in_one_line(body: str, found: str) -> None:
    with pytest.raises(NotARecordError, match=found) as raised:
        read(body)
    assert len(str(raised.value).splitlines()) == 1
