"""Who invokes a Lambda by hand may send anything: one clear error, and nothing happens."""

import pytest

from lambdas.errors import InvalidInputError
from lambdas.on_request import on_request
from lambdas.on_schedule import on_schedule
from lambdas.on_upload import on_upload

BUCKET = {"bucket": {"name": "b"}}
AN_EVENT = (
    "an event of S3: its Records, its event in EventBridge's form, or one of both in a message of "
    "SNS or SQS"
)


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (None, f"event: found null, expected object ({AN_EVENT})"),
        ({}, f"event: found {{}}, expected object ({AN_EVENT})"),
        ({"Records": {}}, "Records: found {}, expected array (1 to 1000 records)"),
        ({"Records": [3]}, "Records.0: found 3, expected object (eventName and s3)"),
        ({"Records": [{}]}, "Records.0: found {}, expected object (eventName and s3)"),
        (
            {
                "Records": [
                    {"eventName": "ObjectCreated:Put", "s3": {**BUCKET, "object": {"key": 3}}}
                ]
            },
            "Records.0.s3.object.key: found 3, expected string (a text)",
        ),
        (
            {"Records": [{"eventName": "ObjectCreated:\x1b[31m\n", "s3": []}]},
            "Records.0.s3: found [], expected object (bucket and object)",
        ),
    ],
)
def test_what_is_no_upload(event, message, settings, s3, stepfunctions):
    with pytest.raises(InvalidInputError) as caught:
        on_upload(event, settings=settings, s3=s3, stepfunctions=stepfunctions)
    assert str(caught.value) == message
    assert not s3.calls


@pytest.mark.parametrize(
    ("handler", "event", "message"),
    [
        (on_request, {}, "event: found {}, expected object (a notification of SNS)"),
        (
            on_request,
            {"Records": [{"Sns": {"Message": "{}"}}]},
            'Records.0.Sns: found {"Message": "{}"}, expected object (Message and MessageId)',
        ),
        (
            on_schedule,
            {"id": "1", "resources": []},
            "resources: found [], expected array (the rule's ARN)",
        ),
        (on_schedule, {"id": 1, "resources": ["a"]}, "id: found 1, expected string (a text)"),
    ],
)
def test_what_asks_for_nothing(handler, event, message):
    asked = []
    with pytest.raises(InvalidInputError) as caught:
        handler(event, start=lambda *payload: asked.append(payload))
    assert str(caught.value) == message
    assert not asked
