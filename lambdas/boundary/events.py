"""What S3, SNS and EventBridge send, held to what the handlers read of it.

The services send nothing else. Whoever may invoke a Lambda directly may send anything.
"""

import functools
from collections.abc import Callable
from typing import Any

import fastjsonschema

from lambdas.boundary.schema_errors import explanation
from lambdas.errors import InvalidInputError

MOST_RECORDS = 1000


def _object(description: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
    }


def _records(record: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "array",
        "description": f"at most {MOST_RECORDS} records",
        "maxItems": MOST_RECORDS,
        "items": record,
    }


_TEXT = {"type": "string", "description": "a text"}
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
# An ``s3:TestEvent`` has no records.
S3: dict[str, Any] = {
    "type": "object",
    "description": "a notification of S3",
    "properties": {
        "Records": _records(
            _object(
                "eventName and s3",
                eventName=_TEXT,
                s3=_object(
                    "bucket and object",
                    bucket=_object("with its name", name=_TEXT),
                    object=_object("with its key", key=_TEXT),
                ),
            )
        )
    },
}
# https://docs.aws.amazon.com/sns/latest/dg/sns-lambda-as-subscriber.html
SNS = _object(
    "a notification of SNS",
    Records=_records(
        _object("with Sns", Sns=_object("Message and MessageId", Message=_TEXT, MessageId=_TEXT))
    ),
)
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
SCHEDULED = _object(
    "an event of a rule of EventBridge",
    id=_TEXT,
    resources={
        "type": "array",
        "description": "the rule's ARN",
        "minItems": 1,
        "items": _TEXT,
    },
)


_SCHEMAS = {"S3": S3, "SNS": SNS, "a schedule": SCHEDULED}


def check(event: object, sender: str) -> None:
    """Hold an event to what its ``sender``, "S3", "SNS" or "a schedule", sends.

    Raises InvalidInputError in one line.
    """
    try:
        _compiled(sender)(event)
    except fastjsonschema.JsonSchemaValueException as error:
        raise InvalidInputError(explanation(error, "event")) from None


@functools.cache
def _compiled(sender: str) -> Callable[[object], object]:
    return fastjsonschema.compile(_SCHEMAS[sender], use_default=False)
