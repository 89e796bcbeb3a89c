import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.response import StreamingBody
from moto.core.utils import get_service_model

from local_aws.stepfunctions.integrations.conversion import AWS_SDK, OPTIMIZED, answer, request

NOON = datetime(2023, 1, 1, 12, tzinfo=UTC)


def taken(service: str, operation: str, given: dict[str, Any]) -> Any:
    model = get_service_model(service).operation_model(operation)
    return request(given, model.input_shape, AWS_SDK)


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        ("text data", b'"text data"'),
        ({"a": [1, None]}, b'{"a":[1,null]}'),
        ([1, 2], b"[1,2]"),
        (b"as it is", b"as it is"),
    ],
)
def test_what_is_stored_is_the_json_that_is_given(body: Any, stored: bytes) -> None:
    assert taken("s3", "PutObject", {"Acl": "private", "Body": body}) == {
        "ACL": "private",
        "Body": stored,
    }


def test_a_text_may_be_given_as_the_json_in_it() -> None:
    given = {"StateMachineArn": "arn", "Input": {"é": 1}, "Name": None}

    assert taken("stepfunctions", "StartExecution", given) == {
        "stateMachineArn": "arn",
        "input": '{"é":1}',
    }


def test_fields_inside_of_lists_and_maps_are_named_too() -> None:
    given = {"RequestItems": {"table": [{"PutRequest": {"Item": {"x": {"Bool": True}}}}]}}

    assert taken("dynamodb", "BatchWriteItem", given) == {
        "RequestItems": {"table": [{"PutRequest": {"Item": {"x": {"BOOL": True}}}}]}
    }


def test_a_field_that_the_api_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="The field 'Foo' is not supported by Step Functions"):
        taken("s3", "PutObject", {"Foo": 1})


@pytest.mark.parametrize(
    ("style", "time", "given"),
    [
        (AWS_SDK, NOON, "2023-01-01T12:00:00Z"),
        (AWS_SDK, NOON.replace(microsecond=120_000), "2023-01-01T12:00:00.120Z"),
        (OPTIMIZED, NOON, 1_672_574_400_000),
    ],
)
def test_a_time_is_as_the_sdk_gives_it(style: Any, time: datetime, given: Any) -> None:
    shape = get_service_model("stepfunctions").operation_model("StartExecution").output_shape

    found = answer({"executionArn": "arn", "startDate": time}, shape, style)

    assert found == {"ExecutionArn": "arn", "StartDate": given}


def test_whatever_an_answer_holds_becomes_json() -> None:
    body = StreamingBody(io.BytesIO(b"text"), 4)
    found = answer(
        {"Body": body, "raw": b"\xff", "set": {1}, "other": object, "when": [NOON]}, None, AWS_SDK
    )

    assert json.loads(json.dumps(found)) == {
        "Body": "text",
        "raw": "/w==",
        "set": [1],
        "other": "<class 'object'>",
        "when": ["2023-01-01T12:00:00Z"],
    }
