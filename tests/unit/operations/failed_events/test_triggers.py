"""Which functions an event is given to again, and of which kind it has to be."""

import json
from typing import Any

import pytest

from operations.failed_events import triggers
from operations.failed_events.invocation_record import InvocationRecord
from state_machine.functions.catalogue import LAMBDAS
from state_machine.names import Names
from tests.support.paths import EVENTS

NAMES = Names("retrain", "dev", "123456789012", "us-east-1")
# What the triggers send, by the function that gets it. S3 and SNS send several kinds.
SENT = {
    "s3_put": "on_upload",
    "s3_many_records": "on_upload",
    "s3_multipart_completion": "on_upload",
    "s3_special_characters": "on_upload",
    "s3_test_event": "on_upload",
    "s3_eventbridge_created": "on_upload",
    "s3_eventbridge_deleted": "on_upload",
    "s3_eventbridge_expired": "on_upload",
    "s3_eventbridge_special_characters": "on_upload",
    "s3_eventbridge_tagged": "on_upload",
    "s3_sns": "on_upload",
    "s3_eventbridge_sns": "on_upload",
    "s3_sqs": "on_upload",
    "s3_eventbridge_sqs": "on_upload",
    "s3_sns_sqs": "on_upload",
    "s3_sns_sqs_raw": "on_upload",
    "s3_eventbridge_sns_sqs": "on_upload",
    "sns_message": "on_request",
    "sns_alarm": "on_request",
    "schedule": "on_schedule",
    "execution_failed": "announce",
    "model_package_changed": "announce_approval",
    "start_retraining": "start_retraining",
    "prepare_run": "prepare_run",
    "check_metrics": "check_metrics",
}
BY_STATE_MACHINE = {"take_turn", "prepare_run", "check_metrics", "approve_model"}


def sent(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text())


def refusal(function: str, payload: Any) -> str:
    arn = NAMES.function_arn(function)
    record = InvocationRecord(NAMES.function(function), arn, 3, "RetriesExhausted", "", payload)
    return triggers.refusal(record, NAMES)


def test_every_event_that_is_kept_for_tests_has_its_function() -> None:
    assert set(SENT) == {path.stem for path in EVENTS.glob("*.json")}
    assert set(SENT.values()) | BY_STATE_MACHINE == {each.name for each in LAMBDAS}


@pytest.mark.parametrize("event", SENT)
@pytest.mark.parametrize("function", [each.name for each in LAMBDAS])
def test_an_event_goes_to_the_function_whose_trigger_sends_it_and_to_no_other(
    event: str, function: str
) -> None:
    welcome = SENT[event] == function and function not in BY_STATE_MACHINE
    why = refusal(function, sent(event))
    assert (why == "") is welcome
    assert why.isprintable()


def test_what_the_state_machine_invokes_is_refused_by_name() -> None:
    assert refusal("check_metrics", sent("check_metrics")) == (
        "retrain-dev-check_metrics is invoked by the state machine, and none of its events end here"
    )


def test_a_function_of_another_stage_is_refused() -> None:
    other = InvocationRecord("x", "arn:aws:lambda:us-east-1:123456789012:function:x", 1, "", "", {})
    assert triggers.refusal(other, NAMES).endswith("function:x is no function of retrain-dev")


@pytest.mark.parametrize("payload", [None, {}, {"dataset": "d", "force": True}])
def test_an_execution_input_may_leave_everything_open(payload: Any) -> None:
    assert refusal("start_retraining", payload) == ""


@pytest.mark.parametrize(
    ("function", "payload"),
    [
        ("start_retraining", {"run": {}}),
        ("start_retraining", {"dataset": "../x"}),
        ("start_retraining", {"hyperparameters": {"epochs": [1]}}),
        ("start_retraining", "digits"),
        ("on_upload", {}),
        ("on_upload", {"Records": []}),
        ("on_upload", {"Records": [{"eventName": "ObjectCreated:Put"}]}),
        ("on_upload", [1]),
        ("on_upload", sent("sns_message")),
        ("on_upload", {**sent("s3_eventbridge_created"), "source": "evil"}),
        ("on_request", {"Records": []}),
        ("on_request", {"Records": [{"Sns": {"Message": "{}"}}]}),
        ("on_schedule", {"id": "1", "resources": ["x"]}),
        ("announce", {"detail": {"executionArn": "arn:x"}}),
        ("announce", {**sent("execution_failed"), "source": "evil"}),
        ("announce", {**sent("execution_failed"), "detail": "evil"}),
    ],
)
def test_other_kinds_are_refused_and_the_reason_says_what_was_expected(
    function: str, payload: Any
) -> None:
    why = refusal(function, payload)
    assert "expected" in why or "allowed" in why
    assert why.isprintable()


def test_a_message_of_another_topic_is_refused() -> None:
    event = sent("sns_message")
    event["Records"][0]["Sns"]["TopicArn"] = NAMES.topic_arn("announcements")
    assert NAMES.topic_arn("retrain") in refusal("on_request", event)
