"""What S3, SNS, SQS and EventBridge send, held to what the handlers read of it.

The services send nothing else. Whoever may invoke a Lambda directly may send anything.
"""

import functools
from collections.abc import Callable
from typing import Any

import fastjsonschema

from lambdas.boundary.schema_errors import explanation
from lambdas.errors import InvalidInputError

MOST_RECORDS = 1000
# https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-parameters.html
LARGEST_BATCH = 10_000
# Of what S3 can tell, by the part of the name before the colon.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html
S3_EVENTS = (
    "ObjectCreated",
    "ObjectRemoved",
    "LifecycleExpiration",
    "LifecycleTransition",
    "IntelligentTiering",
    "ObjectAcl",
    "ObjectAnnotation",
    "ObjectRestore",
    "ObjectRetention",
    "ObjectTagging",
    "ReducedRedundancyLostObject",
    "Replication",
)
# The same in EventBridge: https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html
S3_DETAIL_TYPES = (
    "Object Created",
    "Object Deleted",
    "Object ACL Updated",
    "Object Access Tier Changed",
    "Object Restore Completed",
    "Object Restore Expired",
    "Object Restore Initiated",
    "Object Storage Class Changed",
    "Object Tags Added",
    "Object Tags Deleted",
)


def _object(description: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
    }


def _records(record: dict[str, Any], most: int = MOST_RECORDS) -> dict[str, Any]:
    return {
        "type": "array",
        "description": f"1 to {most} records",
        "minItems": 1,
        "maxItems": most,
        "items": record,
    }


_TEXT = {"type": "string", "description": "a text"}
_BUCKET = _object("with its name", name=_TEXT)
_KEY = _object("with its key", key=_TEXT)
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
S3 = _object(
    "an event of S3: its Records, its event in EventBridge's form, or one of both in a message of "
    "SNS or SQS",
    Records=_records(
        _object(
            "eventName and s3",
            eventName={
                "type": "string",
                "description": f"of one of the kinds {', '.join(S3_EVENTS)}",
                "pattern": f"^(s3:)?({'|'.join(S3_EVENTS)})(:|$)",
            },
            s3=_object("bucket and object", bucket=_BUCKET, object=_KEY),
        )
    ),
)
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
S3_THROUGH_EVENTBRIDGE = _object(
    "an event of S3 in EventBridge's form",
    source={"type": "string", "description": "aws.s3", "const": "aws.s3"},
    **{
        "detail-type": {
            "type": "string",
            "description": f"one of {', '.join(S3_DETAIL_TYPES)}",
            "enum": list(S3_DETAIL_TYPES),
        }
    },
    detail=_object("bucket and object", bucket=_BUCKET, object=_KEY),
)
# https://docs.aws.amazon.com/sns/latest/dg/sns-lambda-as-subscriber.html
SNS = _object(
    "a notification of SNS",
    Records=_records(
        _object("with Sns", Sns=_object("Message and MessageId", Message=_TEXT, MessageId=_TEXT))
    ),
)
# What SNS delivers to SQS, unless the subscription asks for raw delivery:
# https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html
SNS_IN_SQS = _object("a notification of SNS", Message=_TEXT)
# https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
SQS = _object(
    "messages of SQS",
    Records=_records(_object("messageId and body", messageId=_TEXT, body=_TEXT), LARGEST_BATCH),
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


_SCHEMAS = {
    "S3": S3,
    "S3 through EventBridge": S3_THROUGH_EVENTBRIDGE,
    "SNS": SNS,
    "SNS in SQS": SNS_IN_SQS,
    "SQS": SQS,
    "a schedule": SCHEDULED,
}


def check(event: object, sender: str) -> None:
    """Hold an event to what its ``sender``, a name of ``_SCHEMAS``, sends.

    Raises InvalidInputError in one line.
    """
    try:
        _compiled(sender)(event)
    except fastjsonschema.JsonSchemaValueException as error:
        raise InvalidInputError(explanation(error, "event")) from None


@functools.cache
def _compiled(sender: str) -> Callable[[object], object]:
    return fastjsonschema.compile(_SCHEMAS[sender], use_default=False)
