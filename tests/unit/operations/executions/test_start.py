"""What start_retraining answers, and how it is told."""

import io
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from operations.errors import NotDeployedError, StartRefusedError
from operations.executions.start import ONCE, Answer, execution_input, start
from state_machine.names import Names

ARN = "arn:aws:states:us-east-1:123456789012:execution:retrain-dev:digits-0123456789ab"
NAMES = Names("retrain", "dev", "123456789012", "us-east-1")


class FakeFunctions:
    """One function that gives a prepared answer; without one it is not there."""

    class exceptions:
        class ResourceNotFoundException(ClientError):
            pass

    def __init__(self, body: Any = None, error: str | None = None) -> None:
        self.asked: list[Any] = []
        self._body = body
        self._error = {"FunctionError": error} if error else {}

    def invoke(self, FunctionName: str, Payload: str) -> dict[str, Any]:
        if self._body is None:
            raise self.exceptions.ResourceNotFoundException({}, "Invoke")
        self.asked.append((FunctionName, json.loads(Payload)))
        return {"Payload": io.BytesIO(json.dumps(self._body).encode()), **self._error}


def asked(functions: FakeFunctions, **given: Any) -> Answer:
    return start(functions, NAMES, given)  # type: ignore[arg-type]


def test_the_input_goes_to_the_function_and_its_answer_comes_back() -> None:
    functions = FakeFunctions({"execution_arn": ARN, "started": True, "message": "started"})

    answer = asked(functions, dataset="digits", force=True)

    assert answer == Answer(ARN, True, "started")
    assert answer.name == "digits-0123456789ab"
    assert functions.asked == [
        ("retrain-dev-start_retraining", {"dataset": "digits", "force": True})
    ]


def test_what_the_function_refuses_is_told_in_its_own_words() -> None:
    error = {"errorType": "InvalidInputError", "errorMessage": "input: unknown field 'epoch'"}

    with pytest.raises(StartRefusedError, match="unknown field 'epoch'") as raised:
        asked(FakeFunctions(error, "Unhandled"))

    assert "/aws/lambda/retrain-dev-start_retraining" in raised.value.next_step


def test_a_function_that_is_not_there_is_not_deployed() -> None:
    with pytest.raises(NotDeployedError, match="no function retrain-dev-start_retraining"):
        asked(FakeFunctions())


def test_a_call_whose_answer_is_lost_is_never_sent_again() -> None:
    calls: list[str] = []

    class LosesAnswers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            calls.append(self.path)
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), LosesAnswers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        functions = boto3.client(
            "lambda",
            config=ONCE,
            endpoint_url=f"http://127.0.0.1:{server.server_port}",
            region_name="us-east-1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
        )
        with pytest.raises(ConnectionClosedError):
            start(functions, NAMES, {"force": True})
        server.shutdown()

    assert len(calls) == 1


def test_an_input_may_begin_with_a_byte_order_mark() -> None:
    assert execution_input('\ufeff{"reason": "x"}') == {"reason": "x"}
