import json

import pytest

from lambdas.errors import InvalidInputError
from lambdas.on_request import on_request
from lambdas.on_schedule import on_schedule
from lambdas.start_retraining import start_retraining


@pytest.fixture
def start(settings, s3, stepfunctions):
    """Return start_retraining as app.py binds it."""

    def bound(payload, request_id):
        return start_retraining(
            payload,
            request_id=request_id,
            settings=settings,
            s3=s3,
            stepfunctions=stepfunctions,
        )

    return bound


@pytest.fixture
def deliver(start, event):
    """Return a function that delivers a message as SNS does, and returns what became of it."""

    def delivered(message):
        delivery = event("sns_message")
        text = message if isinstance(message, str) else json.dumps(message)
        delivery["Records"][0]["Sns"]["Message"] = text
        (outcome,) = on_request(delivery, start=start)
        return outcome

    return delivered


def test_the_schedule_takes_the_newest_data_set_and_says_so(start, upload, stepfunctions, event):
    upload("older")
    upload("newer")
    answer = on_schedule(event("schedule"), start=start)
    (execution,) = stepfunctions.started
    assert (answer["started"], answer["dataset"]) == (True, "newer")
    assert execution.input["trigger"] == "schedule"
    assert execution.input["requested_by"] == "schedule"
    assert execution.input["reason"] == "rule retrain-dev-on_schedule-event"


def test_a_second_delivery_of_the_same_event_starts_nothing_more(
    start, upload, stepfunctions, event
):
    upload("digits")
    stepfunctions.end(on_schedule(event("schedule"), start=start)["execution_arn"])
    next_week = event("schedule") | {"id": "next-week"}
    again = on_schedule(next_week, start=start)
    assert again["started"] is True
    assert on_schedule(next_week, start=start)["started"] is False
    assert len(stepfunctions.started) == 2


def test_an_alarm_is_the_reason(start, upload, stepfunctions, event):
    upload("digits")
    (answer,) = on_request(event("sns_alarm"), start=start)
    (execution,) = stepfunctions.started
    assert answer["started"] is True
    assert execution.input["trigger"] == "alarm"
    assert execution.input["requested_by"] == "CloudWatch alarm drift"
    assert execution.input["reason"].startswith("alarm drift: Threshold Crossed")


@pytest.mark.parametrize("state", ["OK", "INSUFFICIENT_DATA"])
def test_an_alarm_that_is_over_asks_for_nothing(deliver, upload, stepfunctions, state):
    upload("digits")
    answer = deliver({"AlarmName": "drift", "NewStateValue": state})
    assert answer == {"started": False, "message": f"alarm drift is {state}: nothing to do"}
    assert not stepfunctions.started


def test_what_an_alarm_says_is_cut_to_one_valid_line(deliver, upload, stepfunctions):
    upload("digits")
    alarm = {
        "AlarmName": "drift\n" + "x" * 400,
        "NewStateValue": "ALARM",
        "NewStateReason": "line\none \u2028 \ud800" + "y" * 2000,
    }
    answer = deliver(alarm)
    assert answer["started"] is True


def test_a_message_is_an_execution_input(deliver, upload, stepfunctions):
    upload("digits")
    upload("newer")
    message = {"dataset": "digits", "requested_by": "grace", "reason": "new labels"}
    answer = deliver(message)
    (execution,) = stepfunctions.started
    assert answer["dataset"] == "digits"
    assert message.items() <= execution.input.items()
    assert execution.input["trigger"] == "topic"


def test_a_message_cannot_pretend_to_be_another_way_in(deliver, upload, stepfunctions):
    upload("digits")
    deliver({"trigger": "upload"})
    (execution,) = stepfunctions.started
    assert execution.input["trigger"] == "topic"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("please retrain", "expected a JSON object"),
        ("[1]", "expected a JSON object"),
        ('{"dataset": "a", "dataset": "b"}', "stands twice"),
        ('{"epochs": NaN}', "epochs: NaN is not JSON"),
        ('{"epochs": 3}', "unknown field 'epochs'"),
    ],
)
def test_other_messages_are_refused(deliver, upload, stepfunctions, message, said):
    upload("digits")
    with pytest.raises(InvalidInputError, match=said):
        deliver(message)
    assert not stepfunctions.started
