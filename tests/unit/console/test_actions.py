"""What the console changes: by one way in, which read-only closes."""

import inspect
import io
import json
from types import SimpleNamespace
from typing import Any

import pytest

from console.account import Account, ReadOnlyError
from console.actions import Actions
from console.executions.report import LARGEST, POLICY, response
from tests.fakes.console import arn_of
from tests.fakes.s3 import FakeS3

BUCKET = "bucket"


class FakeStage:
    """A stage whose clients note what they are asked for."""

    def __init__(self) -> None:
        self.names = SimpleNamespace(function=lambda name: f"retrain-dev-{name}")
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.session = self

    def client(self, service: str, config: Any = None) -> Any:
        return self

    def stop_execution(self, **request: Any) -> None:
        self.asked.append(("stop_execution", request))

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": "arn:aws:iam::123456789012:user/ann"}

    def invoke(self, **request: Any) -> dict[str, Any]:
        self.asked.append(("invoke", request))
        body = {"execution_arn": arn_of("new"), "started": True, "message": "started"}
        return {"Payload": io.BytesIO(json.dumps(body).encode())}

    exceptions = SimpleNamespace(ResourceNotFoundException=KeyError)


@pytest.fixture
def stage() -> FakeStage:
    return FakeStage()


@pytest.fixture
def actions(stage: FakeStage) -> Actions:
    return Actions(Account(stage, read_only=False))  # type: ignore[arg-type]


def test_read_only_refuses_every_action_before_anything_is_asked(stage: FakeStage) -> None:
    closed = Actions(Account(stage, read_only=True))  # type: ignore[arg-type]
    for name, method in inspect.getmembers(closed, inspect.ismethod):
        if name.startswith("__"):
            continue
        needed = [
            parameter
            for parameter in inspect.signature(method).parameters.values()
            if parameter.default is parameter.empty
        ]
        given = {parameter.name: None for parameter in needed}
        with pytest.raises(ReadOnlyError):
            method(**given)
    assert stage.asked == []


@pytest.mark.parametrize(
    ("reason", "cause"), [("too slow", "too slow"), ("  ", "Stopped in the console")]
)
def test_stop_says_why(stage: FakeStage, actions: Actions, reason: str, cause: str) -> None:
    actions.stop(arn_of("x"), reason)
    expected = {"executionArn": arn_of("x"), "error": "Console.Stopped", "cause": cause}
    assert stage.asked == [("stop_execution", expected)]


@pytest.mark.parametrize(
    ("asked", "force", "expected"),
    [
        ({"dataset": "d"}, False, {"dataset": "d", "again": True}),
        ({"dataset": "d"}, True, {"dataset": "d", "force": True}),
        ({"reproduce": "r"}, True, {"reproduce": "r"}),
    ],
)
def test_starting_again_goes_through_start_retraining(
    stage: FakeStage, actions: Actions, asked: dict[str, Any], force: bool, expected: Any
) -> None:
    answer = actions.start_again(asked, " why ", force=force)
    assert (answer.name, answer.started) == ("new", True)
    ((_, request),) = stage.asked
    assert request["FunctionName"] == "retrain-dev-start_retraining"
    assert json.loads(request["Payload"]) == expected | {
        "requested_by": "user/ann",
        "reason": "why",
    }


def test_the_report_is_given_on_as_a_page_that_can_do_nothing() -> None:
    s3 = FakeS3(BUCKET)
    s3.upload(BUCKET, "runs/digits-1/report.html", b"<h1>mine</h1>")
    answer = response(s3, BUCKET, arn_of("digits-1"))  # type: ignore[arg-type]
    assert (answer.status_code, answer.body) == (200, b"<h1>mine</h1>")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == POLICY
    assert POLICY.endswith("; sandbox")  # and so allows nothing


def test_a_report_that_is_missing_or_huge_is_said() -> None:
    s3 = FakeS3(BUCKET)
    assert response(s3, BUCKET, arn_of("digits-1")).status_code == 404  # type: ignore[arg-type]
    s3.upload(BUCKET, "runs/digits-1/report.html", b" " * (2 * LARGEST + 1))
    answer = response(s3, BUCKET, arn_of("digits-1"))  # type: ignore[arg-type]
    assert (answer.status_code, len(answer.body) < 100) == (502, True)
    assert response(s3, "other", arn_of("digits-1")).status_code == 502  # type: ignore[arg-type]
