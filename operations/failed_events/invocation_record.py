"""Lambda's record of an asynchronous invocation that failed for good, in words for people.

Pure: the text of a message in, a view out.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

from lambdas.boundary import s3_events, strict_json
from lambdas.boundary.text import one_line
from lambdas.errors import InvalidInputError
from lambdas.gate.metrics import is_number

LONGEST_EVENT = 300
LONGEST_CAUSE = 500
MOST_ATTEMPTS = 100  # Lambda makes three at most
# https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html
FUNCTION_ARN = r"(arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:([A-Za-z0-9_-]{1,140}))(:[^:]+)?"


class NotARecordError(ValueError):
    """A message is not what Lambda sends; the text says what was found."""


@dataclass(frozen=True)
class InvocationRecord:
    """One failed invocation. `function_arn` names no version; `function` is its last part.

    `attempts` counts how often Lambda ran the function, `condition` is why it gave up
    (RetriesExhausted, EventAgeExceeded, ZeroReservedConcurrency), `cause` the last error of the
    function, empty if it never ran. `payload` is the event as it was sent.
    """

    function: str
    function_arn: str
    attempts: int
    condition: str
    cause: str
    payload: Any

    @property
    def event(self) -> str:
        """What the function was told, in one line."""
        return one_line(_told(self.payload), LONGEST_EVENT)


def read(body: str) -> InvocationRecord:
    """Read a message of the on-failure queue. Raises NotARecordError."""
    try:
        found = strict_json.parse(body.encode())
    except ValueError:
        raise NotARecordError(f"found {one_line(body, 60)!r}, which is not JSON") from None
    try:
        return _record(found, body)
    except RecursionError:
        raise NotARecordError(f"found {one_line(body, 60)!r}, nested too deeply") from None


def _record(found: object, body: str) -> InvocationRecord:
    match found:
        case {
            "requestContext": {"functionArn": str(arn), **context},
            "requestPayload": payload,
            **rest,
        } if function := re.fullmatch(FUNCTION_ARN, arn):
            attempts = context.get("approximateInvokeCount")
            return InvocationRecord(
                function=function[2],
                function_arn=function[1],
                attempts=int(attempts) if is_number(attempts, 0, MOST_ATTEMPTS) else 0,
                condition=one_line(str(context.get("condition", ""))),
                cause=one_line(_cause(rest.get("responsePayload")), LONGEST_CAUSE),
                payload=payload,
            )
    raise NotARecordError(
        f"found {one_line(body, 60)!r}, expected a function's ARN and a requestPayload"
    )


def _cause(response: Any) -> str:
    match response:
        case {"errorType": kind, "errorMessage": message}:
            return f"{kind}: {message}"
        case {"errorMessage": message}:
            return str(message)
        case None:
            return ""
    return json.dumps(response)


def _told(payload: Any) -> str:
    """The part of an event that tells it from others; the whole of one that is of no known kind."""
    if told := _told_by_s3(payload):
        return told
    match payload:
        case {"Records": [{"s3": {}, "eventName": name}, *_]}:
            # A record of many objects may name one twice.
            return f"S3 {name} {', '.join(dict.fromkeys(_object_keys(payload['Records'])))}"
        case {"Records": [{"Sns": {"TopicArn": topic, "Message": message}}]}:
            return f"SNS {str(topic).rsplit(':', 1)[-1]}: {message}"
        case {"detail-type": kind, "resources": [*resources]}:
            return f"{kind} of {', '.join(map(str, resources))}"
    return json.dumps(payload, ensure_ascii=False)


def _told_by_s3(payload: Any) -> str:
    """The objects that S3 tells of, whichever way the event came; empty where it tells of none."""
    try:
        objects = s3_events.read(payload).objects
    except InvalidInputError:
        return ""
    # A record of many objects may name one twice.
    keys = dict.fromkeys(key for _, _, key in objects)
    return f"S3 {objects[0].kind} {', '.join(keys)}" if objects else ""


def _object_keys(records: Iterable[Any]) -> Iterator[str]:
    """The keys of an S3 event's objects, decoded from the form that S3 gives them."""
    for record in records:
        match record:
            case {"s3": {"object": {"key": str(key)}}}:
                yield unquote_plus(key)
