"""What a function gets of a queue's messages, and which of them its answer gives back.

https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
"""

import base64
import json
from collections.abc import Iterable
from typing import Any

from moto.sqs.models import Message

from local_aws.events import patterns

REPORTS_FAILURES = "ReportBatchItemFailures"


def record_of(message: Message, queue_arn: str) -> dict[str, Any]:
    """Return the record of a message, as it stands in the function's event."""
    attributes = {
        "ApproximateReceiveCount": str(message.approximate_receive_count),
        "SentTimestamp": str(message.sent_timestamp),
        "SenderId": message.sender_id,
        "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
    }
    of_fifo = {
        "SequenceNumber": message.sequence_number,
        "MessageGroupId": message.group_id,
        "MessageDeduplicationId": message.deduplication_id,
    }
    sent = message.message_attributes
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": attributes | {name: value for name, value in of_fifo.items() if value},
        "messageAttributes": {name: _attribute(value) for name, value in sent.items()},
        **({"md5OfMessageAttributes": message.attribute_md5} if sent else {}),
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }


def wanted(record: dict[str, Any], criteria: dict[str, Any] | None) -> bool:
    """Tell whether the record passes the mapping's FilterCriteria: one of the patterns is enough.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html
    """
    filters = (criteria or {}).get("Filters") or []
    event = {**record, "body": _json_object(record["body"])}
    return not filters or any(
        patterns.matches(json.loads(each["Pattern"]), event) for each in filters
    )


def failed_of(answer: bytes, ids: Iterable[str]) -> set[str]:
    """Return which messages the answer of a function that reports failures gives back.

    An answer that AWS cannot read gives back all of them.
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    sent = set(ids)
    try:
        failures = (json.loads(answer or b"null") or {}).get("batchItemFailures") or []
        failed = {failure["itemIdentifier"] for failure in failures}
    except (ValueError, TypeError, KeyError, AttributeError):
        return sent
    return failed if failed <= sent else sent


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    kind = value["DataType"]
    if kind.startswith("Binary"):
        given = {"binaryValue": _base64(value["BinaryValue"])}
    else:
        given = {"stringValue": value["StringValue"]}
    return {**given, "stringListValues": [], "binaryListValues": [], "dataType": kind}


def _base64(value: bytes | str) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _json_object(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, dict) else text
