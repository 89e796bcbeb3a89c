"""The queue of failed events: a record in short lines, or NotARecordError and no other error."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from operations.failed_events import triggers
from operations.failed_events.invocation_record import NotARecordError, read
from operations.failed_events.queue import Kept
from state_machine.functions.catalogue import LAMBDAS
from state_machine.names import Names
from tests.fuzz import hostile
from tests.fuzz.cases import fuzzed
from tests.support.paths import EVENTS

NAMES = Names("retrain", "dev", "123456789012", "us-east-1")
PAYLOADS = [json.loads(path.read_text()) for path in EVENTS.glob("*.json")]


def record(function: str, payload: Any) -> dict[str, Any]:
    return {
        "requestContext": {
            "functionArn": f"{NAMES.function_arn(function)}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": payload,
        "responsePayload": {"errorType": "E", "errorMessage": "m"},
    }


records = st.builds(
    record,
    st.sampled_from([each.name for each in LAMBDAS]),
    st.sampled_from(PAYLOADS).flatmap(hostile.changed),
)


@fuzzed
@given(content=records.flatmap(hostile.documents))
def test_a_message(content: bytes) -> None:
    try:
        found = read(content.decode("utf-8", "surrogateescape"))
    except NotARecordError as error:
        assert str(error).isprintable()
        return
    for text in (found.event, found.cause, found.condition, found.function):
        assert text.isprintable()
        assert len(text) <= 1000
    assert 0 <= found.attempts < 1000
    json.dumps(Kept("1", datetime.now(UTC), found).as_json(), allow_nan=False)
    assert triggers.refusal(found, NAMES).isprintable()


@fuzzed
@given(depth=st.integers(500, 1500), where=st.sampled_from(["requestPayload", "responsePayload"]))
def test_what_is_nested_deeply(depth: int, where: str) -> None:
    message = json.dumps({**record("on_upload", 0), where: "here"})
    deep = "[" * depth + "]" * depth
    for value in (deep, f'{{"errorMessage": {deep}}}'):
        try:
            found = read(message.replace('"here"', value))
            assert found.event.isprintable()
            assert triggers.refusal(found, NAMES).isprintable()
        except NotARecordError as error:
            assert str(error).isprintable()
