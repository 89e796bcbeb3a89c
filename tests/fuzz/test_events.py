"""What invokes the Lambdas: an outcome, or one of the errors that the Lambdas document."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lambdas.announce import announce
from lambdas.announce_approval import announce_approval
from lambdas.errors import RetrainError
from lambdas.on_request import on_request
from lambdas.on_schedule import on_schedule
from lambdas.on_upload import on_upload
from lambdas.prepare_run import prepare_run
from lambdas.settings import Settings
from lambdas.start_retraining import start_retraining
from lambdas.take_turn import take_turn
from tests.fakes.ecr import FakeEcr
from tests.fakes.executions import FakeExecutions
from tests.fakes.messaging import FakeSns
from tests.fakes.s3 import FakeS3
from tests.fakes.sagemaker import FakeSageMaker
from tests.fakes.stepfunctions import FakeStepFunctions
from tests.fuzz import hostile
from tests.fuzz.cases import fuzzed
from tests.support.code import place_code
from tests.support.paths import EVENTS

BUCKET = "retrain-dev-123456789012-us-east-1"
TOPIC = "arn:aws:sns:us-east-1:123456789012:retrain-dev-announcements"
EVALUATION = f"s3://{BUCKET}/runs/fashion-mnist-1/evaluation/evaluation.json"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:retrain-dev"
FILES = ("images.gz", "labels.gz")
DEFAULTS = {"epochs": 10, "batch-size": 64, "learning-rate": 0.001, "seed": 42}
SETTINGS = Settings(BUCKET, MACHINE, "raw_data/", FILES, DEFAULTS)


def load(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text())


def world() -> FakeS3:
    s3 = FakeS3(BUCKET)
    place_code(s3, BUCKET)
    for file in FILES:
        s3.upload(BUCKET, f"raw_data/digits/{file}")
    return s3


def one_line_of(error: RetrainError) -> str:
    text = str(error)
    assert text.isprintable(), ascii(text)
    assert len(text) < 2000
    return text


UPLOADS = [load(path.stem) for path in sorted(EVENTS.glob("s3_*.json"))]


@st.composite
def messages(draw: st.DrawFn) -> Any:
    """A batch of SQS with anything in one of its messages."""
    event = load("s3_sqs")
    body = draw(st.sampled_from(UPLOADS).flatmap(hostile.documents))
    event["Records"][0]["body"] = body.decode("utf-8", "replace")
    return event


@fuzzed
@given(event=st.sampled_from(UPLOADS).flatmap(hostile.changed) | messages())
def test_on_upload(event: Any) -> None:
    s3, stepfunctions = world(), FakeStepFunctions()
    try:
        answer = on_upload(event, settings=SETTINGS, s3=s3, stepfunctions=stepfunctions)
    except RetrainError as error:
        one_line_of(error)
    else:
        outcomes = answer["outcomes"] if isinstance(answer, dict) else answer
        assert all(outcome["outcome"] for outcome in outcomes)
        json.dumps(answer)


KEYS = st.sampled_from(
    ["raw_data/digits/images.gz", "raw_data/../images.gz", "raw_data//x", "raw_data/%0A/x"]
) | hostile.texts.map(lambda text: f"raw_data/{text}/images.gz")


@fuzzed
@given(key=KEYS)
def test_a_key(key: str) -> None:
    record = load("s3_put")["Records"][0]
    record["s3"]["bucket"]["name"] = BUCKET
    record["s3"]["object"]["key"] = key
    s3 = world()
    outcomes = on_upload(
        {"Records": [record]}, settings=SETTINGS, s3=s3, stepfunctions=FakeStepFunctions()
    )
    assert len(outcomes) == 1
    assert all(outcome["why"].isprintable() for outcome in outcomes)


VALID_INPUT = {
    "dataset": "digits",
    "hyperparameters": {"epochs": 3, "learning-rate": 0.1},
    "requested_by": "somebody",
    "reason": "to see",
    "force": True,
    "again": False,
    "instance_types": {"training": "ml.g5.xlarge"},
}
inputs = hostile.changed(VALID_INPUT) | hostile.changed({"reproduce": "run-1", "reason": "why"})


@fuzzed
@given(payload=inputs)
def test_start_retraining(payload: Any) -> None:
    stepfunctions = FakeStepFunctions()
    try:
        answer = start_retraining(
            payload,
            request_id="1",
            settings=SETTINGS,
            s3=world(),
            stepfunctions=stepfunctions,
        )
    except RetrainError as error:
        one_line_of(error)
    else:
        assert answer["started"]
        assert json.dumps(stepfunctions.started[0].input, allow_nan=False)


ALARM = json.loads(load("sns_alarm")["Records"][0]["Sns"]["Message"])


@fuzzed
@given(
    message=hostile.documents(VALID_INPUT) | hostile.documents(ALARM),
    change=st.booleans(),
    data=st.data(),
)
def test_on_request(message: bytes, change: bool, data: st.DataObject) -> None:
    event = load("sns_message")
    event["Records"][0]["Sns"]["Message"] = message.decode("utf-8", "replace")
    if change:
        event = data.draw(hostile.changed(event))
    asked: list[Any] = []

    def start(payload: Any, request_id: str) -> dict[str, Any]:
        asked.append(payload)
        return start_retraining(
            payload,
            request_id=request_id,
            settings=SETTINGS,
            s3=world(),
            stepfunctions=FakeStepFunctions(),
        )

    try:
        on_request(event, start=start)
    except RetrainError as error:
        one_line_of(error)


@fuzzed
@given(event=hostile.changed(load("schedule")))
def test_on_schedule(event: Any) -> None:
    try:
        on_schedule(event, start=lambda payload, request_id: {"payload": payload})
    except RetrainError as error:
        one_line_of(error)


@fuzzed
@given(found=inputs)
def test_take_turn_and_prepare_run(found: Any) -> None:
    event = load("prepare_run")
    event["defaults"]["required_files"] = list(FILES)
    arn = event["execution"]["arn"]
    executions = FakeExecutions()
    executions.add(arn.rsplit(":", 1)[-1])
    event |= {"input": found, "settle_seconds": 0, "max_concurrent_runs": 1}
    s3 = world()
    try:
        turn = take_turn(
            event, now=datetime(2026, 3, 1, tzinfo=UTC), s3=s3, stepfunctions=executions
        )
        assert turn["outcome"] in {"go", "wait", "settle", "superseded"}
        assert turn["message"].isprintable()
        state = prepare_run(
            event,
            s3=s3,
            sagemaker=FakeSageMaker(),
            ecr=FakeEcr().in_region,
            seconds_left=lambda: 900,
        )
    except RetrainError as error:
        one_line_of(error)
    else:
        json.dumps(state, allow_nan=False)
        written = [request["Key"] for name, request in s3.calls if name == "PutObject"]
        assert all(key.startswith(("runs/", "ledger/", "steps/", "turns/")) for key in written)
        assert not any(part in {"", ".", ".."} for key in written for part in key.split("/"))


DESCRIBED = hostile.changed({"FailureReason": "why"}).map(json.dumps)
CAUSES = hostile.texts | st.just("[" * 32_000) | DESCRIBED
NAMES = hostile.any_text.filter(lambda name: 0 < len(name) < 80 and ":" not in name)


@fuzzed
@given(cause=CAUSES, error=hostile.texts, name=NAMES)
def test_announce(cause: str, error: str, name: str) -> None:
    executions, sns = FakeExecutions(), FakeSns()
    execution = executions.add(name, status="FAILED", entered=["Train"], error=error, cause=cause)
    announce(
        {"detail": {"executionArn": execution.arn}},
        topic_arn=TOPIC,
        bucket=BUCKET,
        stage="dev",
        sns=sns,
        stepfunctions=executions,
    )
    (message,) = sns.published
    lines = message["Message"].splitlines()
    assert 6 <= len(lines) <= 7
    assert all(line.isprintable() for line in lines)


@fuzzed
@given(reason=hostile.texts, name=hostile.texts, plan=hostile.documents({"paths": {"report": "x"}}))
def test_announce_approval(reason: str, name: str, plan: bytes) -> None:
    event, s3, sns = load("model_package_changed"), world(), FakeSns()
    event["detail"] |= {"ApprovalDescription": reason, "ModelPackageGroupName": name or "group"}
    s3.upload(BUCKET, "runs/fashion-mnist-1/run.json", plan)
    event["detail"]["ModelMetrics"] = {"ModelQuality": {"Statistics": {"S3Uri": EVALUATION}}}
    announce_approval(event, topic_arn=TOPIC, sns=sns, s3=s3)
    (message,) = sns.published
    assert message["Message"].removesuffix("\n").isprintable()
