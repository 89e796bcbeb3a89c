"""Which functions of a stage an event may be given to again, and what their triggers send them.

Whoever may write to the queue must not choose what the person who replays invokes, nor with what: a
Lambda that only the state machine invokes takes its event for the state machine's word.
"""

from collections.abc import Callable
from typing import Any

import fastjsonschema

from lambdas.boundary import events, s3_events
from lambdas.boundary.schema_errors import explanation
from lambdas.boundary.text import one_line, shown
from lambdas.errors import InvalidInputError
from lambdas.runs import input as run_input
from operations.failed_events.invocation_record import InvocationRecord
from state_machine.functions.catalogue import LAMBDAS, Events, Lambda, Schedule, Topic, Uploads
from state_machine.names import Names


def refusal(record: InvocationRecord, names: Names) -> str:
    """Return why the function must not get the event again; empty where it may."""
    function = next((e for e in LAMBDAS if names.function_arn(e.name) == record.function_arn), None)
    if function is None:
        return one_line(f"{record.function_arn} is no function of {names.prefix}")
    if not function.asynchronous:
        return f"{record.function} is invoked by the state machine, and none of its events end here"
    try:
        _check(function, record.payload, names)
    except InvalidInputError as error:
        return f"the event is none that {record.function} is sent: {one_line(str(error))}"
    return ""


def _check(function: Lambda, payload: Any, names: Names) -> None:
    """Raise InvalidInputError where the function's trigger sends nothing of that kind."""
    match function.trigger:
        case Uploads():
            # Whichever way S3's events came. They are hints only: the bucket is looked at.
            if refused := s3_events.read(payload).refused:
                raise refused[0]
        case Topic(purpose):
            events.check(payload, "SNS")
            _check_topic(payload["Records"], names.topic_arn(purpose))
        case Events(pattern):
            # The detail tells what happened, and is the function's own to read. A deployed pattern
            # may name another group than pipeline.toml does by now.
            _check_event(payload, pattern(names, ""))
        case Schedule():
            events.check(payload, "a schedule")
            _check_event(payload, {"source": ["aws.events"], "detail-type": ["Scheduled Event"]})
        case None:
            _check_input(payload)


def _check_topic(records: list[dict[str, Any]], topic_arn: str) -> None:
    # https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    found = [record["Sns"].get("TopicArn") for record in records]
    if not found or any(topic != topic_arn for topic in found):
        raise InvalidInputError(
            f"TopicArn: found {', '.join(map(shown, found)) or 'none'}, expected {topic_arn}"
        )


def _check_event(payload: Any, pattern: dict[str, Any]) -> None:
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
    if not isinstance(payload, dict):
        raise InvalidInputError(f"event: found {shown(payload)}, expected an event of EventBridge")
    for name in ("source", "detail-type"):
        if (found := payload.get(name)) not in pattern[name]:
            expected = " or ".join(pattern[name])
            raise InvalidInputError(f"{name}: found {shown(found)}, expected {expected}")
    if not isinstance(payload.get("detail"), dict):
        raise InvalidInputError(f"detail: found {shown(payload.get('detail'))}, expected an object")


def _check_input(payload: Any) -> None:
    try:
        _is_execution_input({} if payload is None else payload)
    except fastjsonschema.JsonSchemaValueException as error:
        raise InvalidInputError(explanation(error, "input")) from None


def _any_execution_input() -> Callable[[object], object]:
    """Compile the schema for hyperparameters of any name: those deployed are the function's own."""
    schema = run_input.schema({})
    value = {"type": ["boolean", "number", "string"], "description": "one value"}
    schema["properties"]["hyperparameters"] |= {"additionalProperties": value}
    return fastjsonschema.compile(schema, use_default=False)


_is_execution_input = _any_execution_input()
