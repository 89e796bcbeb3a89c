"""`retrain events` against the embedded AWS."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.main import app
from local_aws.client import EmbeddedAws
from operations.failed_events.queue import FailedEvents, listing
from operations.stage import Stage, connect
from state_machine.deployment.messaging import FAILED_EVENTS, FailedEventsQueue
from tests.functional.conftest import zipped
from tests.functional.events import Queue, forwards_to
from tests.functional.sagemaker_requests import unique
from tests.support.paths import EVENTS, PROJECT
from tests.support.waiting import eventually

# Hands what it gets to a queue, unless it is broken.
UNRELIABLE = """
import json, os, boto3
def handler(event, context):
    if os.environ["BROKEN"] == "yes":
        raise KeyError("no such order")
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=json.dumps(event))
"""

Run = Callable[..., Result]


@pytest.fixture
def stage(embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """A stage of its own with its queue, and the shell of a person who works on it."""
    monkeypatch.chdir(PROJECT)
    for name, value in embedded_aws.environment().items():
        monkeypatch.setenv(name, value)
    stage = connect(Path("pipeline.toml"), unique("t"))
    FailedEventsQueue(stage.names, stage.client("sqs")).create()
    return stage


@pytest.fixture
def run(stage: Stage) -> Run:
    """Return a function that runs `retrain events` with these words for the stage."""
    words = ["--stage", stage.names.stage]
    return lambda *given: CliRunner().invoke(app, ["events", *given, *words])


@pytest.fixture
def url(stage: Stage) -> str:
    """The queue's URL."""
    name = stage.names.queue(FAILED_EVENTS)
    return str(stage.client("sqs").get_queue_url(QueueName=name)["QueueUrl"])


@pytest.fixture
def function(stage: Stage, role: str, queue: Queue) -> Iterator["Function"]:
    """The stage's on_upload."""
    made = Function(stage, role, queue)
    yield made
    made.delete()


class Function:
    """A function that fails for good until it is mended, and then hands its events to a queue."""

    def __init__(self, stage: Stage, role: str, queue: Queue) -> None:
        self._lambdas = stage.client("lambda")
        self.name = stage.names.function("on_upload")
        self.arn = stage.names.function_arn("on_upload")
        self._variables = forwards_to(queue)["Environment"]["Variables"]
        self._lambdas.create_function(
            FunctionName=self.name,
            Role=role,
            Handler="app.handler",
            Runtime="python3.11",
            Code={"ZipFile": zipped(app=UNRELIABLE)},
            Environment={"Variables": self._variables | {"BROKEN": "yes"}},
        )
        queue = stage.names.queue_arn(FAILED_EVENTS)
        self._lambdas.put_function_event_invoke_config(
            FunctionName=self.name,
            MaximumRetryAttempts=2,
            DestinationConfig={"OnFailure": {"Destination": queue}},
        )

    def send(self, event: Any) -> None:
        self._lambdas.invoke(
            FunctionName=self.name, InvocationType="Event", Payload=json.dumps(event)
        )

    def mend(self) -> None:
        self._lambdas.update_function_configuration(
            FunctionName=self.name, Environment={"Variables": self._variables | {"BROKEN": "no"}}
        )

    def delete(self) -> None:
        self._lambdas.delete_function(FunctionName=self.name)


def record(arn: str, payload: Any) -> str:
    """A message as Lambda sends it."""
    context = {"functionArn": f"{arn}:$LATEST", "condition": "RetriesExhausted"}
    return json.dumps({"requestContext": context, "requestPayload": payload})


def put(file: str) -> Any:
    """What S3 tells of an object of that name."""
    event = json.loads((EVENTS / "s3_put.json").read_text())
    event["Records"][0]["s3"]["object"]["key"] = f"raw_data/digits/{file}"
    return event


def keep(stage: Stage, url: str, *bodies: str) -> list[str]:
    """Let the queue hold these messages; return their ids."""
    sqs = stage.client("sqs")
    return [sqs.send_message(QueueUrl=url, MessageBody=body)["MessageId"] for body in bodies]


def ids(run: Run) -> list[str]:
    """The ids that are listed."""
    return [event["id"] for event in json.loads(run("list", "--json").output)["events"]]


def test_without_failed_events_it_says_so(run: Run, stage: Stage) -> None:
    result = run("list")

    assert result.exit_code == 0
    assert f"No failed events are kept in {stage.names.prefix}-failed-events" in result.output
    assert run("replay", "--all").exit_code == 0


def test_a_failed_event_is_shown_and_replayed_when_the_cause_is_mended(
    run: Run, function: Function, queue: Queue
) -> None:
    event = json.loads((PROJECT / "tests/events/s3_put.json").read_text())
    function.send(event)
    eventually(lambda: "tried 3 times" in run("list").output)
    shown = run("list")
    assert f"{function.name}, tried 3 times" in shown.output
    key = "raw_data/fashion-mnist/train-images-idx3-ubyte.gz"
    assert f"  Event  S3 ObjectCreated:Put {key}" in shown.output
    assert "  Cause  RetriesExhausted: KeyError: 'no such order'" in shown.output
    function.mend()

    result = run("replay", "--all")

    assert result.exit_code == 0, result.output
    assert f"invoked {function.name} for S3 ObjectCreated:Put {key}" in result.output
    assert "Replayed 1 of 1" in result.output
    assert queue.body() == event
    assert ids(run) == []


def test_listing_goes_through_the_whole_queue_and_leaves_everything_visible(
    run: Run, stage: Stage, url: str
) -> None:
    arn = stage.names.function_arn("on_upload")
    sent = keep(stage, url, *(record(arn, {"number": number}) for number in range(25)))

    listed = json.loads(run("list", "--json").output)

    assert (listed["shown"], listed["kept"]) == (25, 25)
    assert {event["id"] for event in listed["events"]} == set(sent)
    assert {event["payload"]["number"] for event in listed["events"]} == set(range(25))
    times = [event["at"] for event in listed["events"]]
    assert times == sorted(times)
    # Once more at once, and by somebody else.
    assert set(ids(run)) == set(sent)


def test_of_a_long_queue_it_is_said_how_many_are_shown(run: Run, stage: Stage, url: str) -> None:
    arn = stage.names.function_arn("on_upload")
    keep(stage, url, *(record(arn, number) for number in range(12)))

    result = run("list", "--limit", "11")

    assert "Shown are 11 of about 12" in result.output
    assert result.output.count("Cause") == 11
    assert "Shown are" not in run("list", "--limit", "12").output


def test_a_message_that_is_no_record_is_reported_and_left(
    run: Run, stage: Stage, url: str, function: Function, queue: Queue
) -> None:
    function.mend()
    odd, good = keep(stage, url, "hello", record(function.arn, put("a")))
    listed = run("list")
    assert listed.exit_code == 0
    assert "no record of Lambda's: found 'hello', which is not JSON" in listed.output

    result = run("replay", "--all")

    assert result.exit_code == 1
    assert f"{odd}  left in place: no record of Lambda's" in result.output
    assert "Replayed 1 of 2" in result.output
    assert queue.body() == put("a")
    assert ids(run) == [odd]
    assert good not in ids(run)


def test_only_the_events_that_are_named_are_replayed(
    run: Run, stage: Stage, url: str, function: Function, queue: Queue
) -> None:
    function.mend()
    bodies = (record(function.arn, put(name)) for name in "abc")
    first, second, third = keep(stage, url, *bodies)

    result = run("replay", second, "unknown")

    assert result.exit_code == 1
    assert "unknown  no event of this id is kept" in result.output
    assert "Replayed 1 of 2" in result.output
    assert queue.body() == put("b")
    assert set(ids(run)) == {first, third}


def test_what_lambda_does_not_take_stays(run: Run, stage: Stage, url: str) -> None:
    # The function is not there.
    payload = {"dataset": "digits"}
    (kept,) = keep(stage, url, record(stage.names.function_arn("start_retraining"), payload))

    result = run("replay", kept)

    assert result.exit_code == 1
    name = stage.names.function("start_retraining")
    assert f'left in place: {name} for {{"dataset": "digits"}}: ' in result.output
    assert "ResourceNotFoundException" in result.output
    assert ids(run) == [kept]


def test_no_other_function_of_the_account_is_invoked(
    run: Run, stage: Stage, url: str, function: Function
) -> None:
    other = function.arn.replace(stage.names.stage, "other")
    (kept,) = keep(stage, url, record(other, {}))

    result = run("replay", "--all")

    assert result.exit_code == 1
    assert f"{other} is no function of {stage.names.prefix}" in result.output
    assert ids(run) == [kept]


def test_what_only_the_state_machine_invokes_is_not_invoked(
    run: Run, stage: Stage, url: str
) -> None:
    forged = json.loads((EVENTS / "check_metrics.json").read_text())
    (kept,) = keep(stage, url, record(stage.names.function_arn("check_metrics"), forged))

    result = run("replay", "--all")

    assert result.exit_code == 1
    assert "left in place" in result.output
    assert "check_metrics is invoked by the state machine" in result.output
    assert ids(run) == [kept]


def test_a_function_gets_only_what_its_trigger_sends(
    run: Run, stage: Stage, url: str, function: Function, queue: Queue
) -> None:
    function.mend()
    forged = record(function.arn, {"detail": "of somebody else"})
    odd, _ = keep(stage, url, forged, record(function.arn, put("a")))

    result = run("replay", "--all")

    assert f"{odd}  left in place: the event is none that {function.name} is sent" in result.output
    assert queue.body() == put("a")
    assert ids(run) == [odd]


def test_an_event_that_fails_again_comes_back(run: Run, function: Function, queue: Queue) -> None:
    function.send(put("a"))
    eventually(lambda: ids(run))
    (before,) = ids(run)

    assert run("replay", "--all").exit_code == 0

    (again,) = eventually(lambda: ids(run))
    assert again != before


def test_an_interrupted_replay_hides_nothing(stage: Stage, url: str, run: Run) -> None:
    sent = keep(stage, url, *(record("arn:x", number) for number in range(3)))
    queue = FailedEvents(stage.client("sqs"), stage.names)
    with pytest.raises(KeyboardInterrupt), queue:
        next(queue.receive())
        raise KeyboardInterrupt

    assert len(listing(FailedEvents(stage.client("sqs"), stage.names), 10).events) == 3
    assert set(ids(run)) == set(sent)


def test_a_stage_without_a_queue_is_not_deployed(stage: Stage) -> None:
    result = CliRunner().invoke(app, ["events", "list", "--stage", "nowhere"])

    assert result.exit_code == 1
    assert "There is no queue retrain-nowhere-failed-events" in result.output
    assert "retrain deploy" in result.output
