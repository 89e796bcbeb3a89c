"""Following an execution: until it ends, through trouble that passes."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from operations.errors import NoExecutionError
from operations.executions import observer as watch
from operations.executions.observer import Observer, follow, new_execution, newest_execution
from operations.executions.training_log import Epoch
from operations.executions.view import ExecutionView
from tests.fakes.histories import ARN, DESCRIPTION, TRAINING_JOB, failed_training, registered
from tests.fakes.terminal import FakeLogs, FakeStepFunctions, client_error

UNREACHABLE = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")


class RecordingPresenter:
    """Remembers what it was shown."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, list[str], int]] = []

    def show(self, view: ExecutionView, epochs: list[Epoch]) -> None:
        self.shown.append((view.status, [state.name for state in view.states], len(epochs)))


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.time = 0.0

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def now(self) -> float:
        return self.time


def followed(moments: list[Any], logs: FakeLogs | None = None) -> RecordingPresenter:
    events = registered().events
    states = FakeStepFunctions(DESCRIPTION, events, moments)
    presenter, clock = RecordingPresenter(), Clock()
    observer = Observer(states, logs or FakeLogs(), ARN)
    view = follow(observer, presenter, sleep=clock.sleep, clock=clock.now)
    assert view.ended
    return presenter


def all_events() -> int:
    return len(registered().events)


def test_every_poll_shows_what_is_known_until_the_end() -> None:
    presenter = followed([("RUNNING", 0), ("RUNNING", 3), ("SUCCEEDED", all_events())])
    assert [status for status, _, _ in presenter.shown] == ["RUNNING", "RUNNING", "SUCCEEDED"]
    assert presenter.shown[0][1] == []
    assert presenter.shown[1][1] == ["PrepareRun"]
    assert presenter.shown[2][1][-1] == "Registered"


def test_epochs_come_from_the_log_of_the_training_job() -> None:
    logs = FakeLogs({f"{TRAINING_JOB}/algo-1": ["epoch=1/2; loss=0.5;", "epoch=2/2; loss=0.4;"]})
    presenter = followed([("RUNNING", 3), ("SUCCEEDED", all_events())], logs)
    assert [epochs for _, _, epochs in presenter.shown] == [0, 2]


@pytest.mark.parametrize(
    "error",
    [UNREACHABLE, client_error("ThrottlingException"), client_error("InternalFailure", 500)],
)
def test_passing_trouble_is_waited_out(error: Exception) -> None:
    presenter = followed([("RUNNING", 3), error, error, ("SUCCEEDED", all_events())])
    assert len(presenter.shown) == 2


@pytest.mark.parametrize("code", ["ExecutionDoesNotExist", "AccessDeniedException"])
def test_other_errors_end_it_at_once(code: str) -> None:
    with pytest.raises(ClientError, match=code):
        followed([("RUNNING", 3), client_error(code)])


def test_an_execution_that_was_just_started_may_not_be_known_yet() -> None:
    unknown = client_error("ExecutionDoesNotExist")
    presenter = followed([unknown, unknown, ("RUNNING", 3), ("SUCCEEDED", all_events())])
    assert len(presenter.shown) == 2
    with pytest.raises(ClientError, match="ExecutionDoesNotExist"):
        followed([unknown] * int(watch.UNKNOWN_SECONDS / watch.POLL_SECONDS + 2))


def test_trouble_that_stays_ends_it() -> None:
    lasting: list[Any] = [UNREACHABLE] * int(watch.PATIENCE_SECONDS / watch.POLL_SECONDS + 5)
    with pytest.raises(EndpointConnectionError):
        followed([("RUNNING", 3), *lasting])


def test_a_log_that_cannot_be_read_is_no_reason_to_stop() -> None:
    class ForbiddenLogs(FakeLogs):
        def describe_log_streams(self, **_: Any) -> dict[str, Any]:
            raise client_error("AccessDeniedException")

    assert followed([("SUCCEEDED", all_events())], ForbiddenLogs()).shown[0][2] == 0


def test_a_retried_job_begins_its_epochs_anew() -> None:
    first, second = "digits-0123456789ab-train-0-0", "digits-0123456789ab-train-1-0"
    logs = FakeLogs({first: ["epoch=1/2; loss=1;", "epoch=2/2; loss=1;"], second: []})
    events = failed_training().events
    moments: list[Any] = [("RUNNING", 8), ("RUNNING", len(events) - 2), ("FAILED", len(events))]
    presenter, clock = RecordingPresenter(), Clock()
    observer = Observer(FakeStepFunctions(DESCRIPTION, events, moments), logs, ARN)
    follow(observer, presenter, sleep=clock.sleep, clock=clock.now)
    assert [epochs for _, _, epochs in presenter.shown] == [2, 0, 0]


def test_the_plan_comes_from_the_definition() -> None:
    observer = Observer(FakeStepFunctions(DESCRIPTION, [], []), FakeLogs(), ARN)
    assert observer.planned_states() == ["A"]


class FakeExecutions:
    """Lists executions as Step Functions does, the newest first."""

    def __init__(self, names: list[str]) -> None:
        self._names = list(names)

    def start(self, name: str) -> None:
        self._names.insert(0, name)

    def list_executions(self, stateMachineArn: str, maxResults: int) -> dict[str, Any]:
        return {"executions": [{"executionArn": name} for name in self._names[:maxResults]]}


def test_the_newest_execution_started_last() -> None:
    assert newest_execution(FakeExecutions(["9", "3", "1"]), "machine") == "9"


def test_a_new_execution_is_waited_for() -> None:
    states, clock = FakeExecutions(["1"]), Clock()

    def start_meanwhile(seconds: float) -> None:
        clock.sleep(seconds)
        states.start("2")

    new = new_execution(states, "machine", ["1"], 5, sleep=start_meanwhile, clock=clock.now)
    assert new == "2"


def test_no_new_execution_is_waited_for_no_longer_than_asked() -> None:
    states, clock = FakeExecutions(["1"]), Clock()
    waited = new_execution(states, "machine", ["1"], 5, sleep=clock.sleep, clock=clock.now)
    assert waited is None
    assert 5 < clock.time < 6


def test_no_execution_at_all_names_the_next_step() -> None:
    with pytest.raises(NoExecutionError) as raised:
        newest_execution(FakeExecutions([]), "machine")
    assert "retrain upload" in raised.value.next_step
