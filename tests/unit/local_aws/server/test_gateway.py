"""An answer leaves when what it tells of is saved."""

from typing import Any

import pytest
from werkzeug.test import Client

from local_aws.server.gateway import Gateway
from local_aws.state.moto_services import PART, touch

_SCOPE = "test/20260101/us-east-1/sqs/aws4_request"
SIGNED = f"AWS4-HMAC-SHA256 Credential={_SCOPE}, SignedHeaders=host, Signature=0"


class Saver:
    """Stands for the state; counts what it is asked to save."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.marked: list[tuple[str, str]] = []
        self.saves = 0

    def changed(self, part: str, item: str = "") -> None:
        self.marked.append((part, item))

    def save(self) -> None:
        self.saves += 1
        if self.failure:
            raise self.failure


def call(state: Any, operation: str, body: str) -> Any:
    headers = {
        "Authorization": SIGNED,
        "X-Amz-Target": f"AmazonSQS.{operation}",
        "Content-Type": "application/x-amz-json-1.0",
    }
    client = Client(Gateway(state))
    return client.post("/", data=body, headers=headers, base_url="http://127.0.0.1:1")


def test_a_change_is_saved_and_then_answered() -> None:
    state = Saver()
    answer = call(state, "CreateQueue", '{"QueueName": "saved"}')
    assert answer.status_code == 200
    assert state.saves == 1


def test_what_is_touched_in_a_request_is_marked_at_its_end() -> None:
    state = Saver()
    gateway = Gateway(state)  # type: ignore[arg-type]

    def changes_twice(_environ: Any, start_response: Any) -> list[bytes]:
        assert touch(PART, "sqs")
        assert touch(PART, "sqs")
        assert state.marked == []
        start_response("200 OK", [])
        return [b""]

    gateway._moto = changes_twice  # type: ignore[assignment]
    Client(gateway).post("/", base_url="http://127.0.0.1:1")
    assert state.marked == [(PART, "sqs")]
    assert not touch(PART, "sqs")


@pytest.mark.parametrize("operation", ["ListQueues", "GetQueueUrl"])
def test_who_only_reads_marks_nothing_and_waits_for_what_others_changed(operation: str) -> None:
    state = Saver()
    call(state, operation, '{"QueueName": "none"}')
    assert state.marked == []
    assert state.saves == 1


@pytest.mark.parametrize(
    ("service", "before", "after"),
    [
        ("iam", "<ErrorResponse><Error><Type>Receiver</Type><Code>InternalFailure</Code>", None),
        ("cloudformation", "<ErrorResponse><Error><Type>Receiver</Type>", "</ErrorResponse>"),
        ("route53", "<ErrorResponse><Error><Type>Receiver</Type>", "</ErrorResponse>"),
        ("ec2", "<Response><Errors><Error><Code>InternalFailure</Code>", "</Response>"),
        ("s3", "<Error><Code>InternalError</Code>", "</Error>"),
        ("states", '{"__type": "InternalFailure", "message": "The embedded AWS failed: ', "}"),
        ("lambda", '{"__type": "InternalFailure"', "}"),
    ],
)
def test_a_crash_has_the_form_of_its_service(service: str, before: str, after: str | None) -> None:
    gateway = Gateway(Saver())  # type: ignore[arg-type]

    def crashes(_environ: Any, _start_response: Any) -> list[bytes]:
        raise ValueError("a line\nand another")

    gateway._moto = crashes  # type: ignore[assignment]
    headers = {"Authorization": SIGNED.replace("/sqs/", f"/{service}/")}
    answer = Client(gateway).get("/", headers=headers, base_url="http://127.0.0.1:1")

    assert answer.status_code == 500
    assert answer.text.startswith(before)
    assert answer.text.endswith(after or "</ErrorResponse>")
    assert "ValueError: a line and another (see its server.log)" in answer.text


def test_what_could_not_be_saved_is_no_success() -> None:
    answer = call(Saver(OSError("no space left")), "CreateQueue", '{"QueueName": "lost"}')
    assert answer.status_code == 500
    assert "no space left" in answer.text
