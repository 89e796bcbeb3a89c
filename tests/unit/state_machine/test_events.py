"""Topics, the queue of failed events, and a schedule that was switched off."""

import pytest
from botocore.exceptions import ClientError

from state_machine.events import (
    PROPAGATION_PAUSES,
    ensure_failed_events_queue,
    ensure_topics,
    keep_failed_events,
    remove_schedule,
)
from state_machine.names import Names
from tests.fakes.messaging import FakeEvents, FakeLambda, FakeSns, FakeSqs

NAMES = Names("retrain", "dev", "123456789012", "us-east-1")


def test_creating_the_topics_twice_leaves_two() -> None:
    sns = FakeSns()

    ensure_topics(NAMES, sns)
    ensure_topics(NAMES, sns)

    assert sns.topics == {"retrain-dev-retrain", "retrain-dev-announcements"}


def test_a_queue_of_other_attributes_is_brought_up_to_date() -> None:
    sqs = FakeSqs()
    sqs.create_queue(
        QueueName="retrain-dev-failed-events", Attributes={"MessageRetentionPeriod": "60"}
    )

    ensure_failed_events_queue(NAMES, sqs)
    ensure_failed_events_queue(NAMES, sqs)

    assert sqs.queues == {
        "retrain-dev-failed-events": {
            "MessageRetentionPeriod": "1209600",
            "SqsManagedSseEnabled": "true",
        }
    }


def test_events_that_fail_twice_more_go_to_the_queue() -> None:
    lambdas = FakeLambda()

    keep_failed_events(NAMES, ["on_upload", "announce"], lambdas)

    assert lambdas.configs.keys() == {"retrain-dev-on_upload", "retrain-dev-announce"}
    config = lambdas.configs["retrain-dev-announce"]
    assert config["MaximumRetryAttempts"] == 2
    assert config["MaximumEventAgeInSeconds"] == 21_600
    destination = config["DestinationConfig"]["OnFailure"]["Destination"]
    assert destination == "arn:aws:sqs:us-east-1:123456789012:retrain-dev-failed-events"


def test_a_policy_that_iam_does_not_know_everywhere_yet_is_waited_for() -> None:
    pauses: list[float] = []
    lambdas = FakeLambda(refusals=3)

    keep_failed_events(NAMES, ["on_upload"], lambdas, pauses.append)

    assert pauses == list(PROPAGATION_PAUSES[:3])
    assert "retrain-dev-on_upload" in lambdas.configs


def test_a_policy_that_never_allows_it_is_an_error() -> None:
    pauses: list[float] = []

    with pytest.raises(ClientError, match="SendMessage"):
        keep_failed_events(NAMES, ["on_upload"], FakeLambda(refusals=99), pauses.append)

    assert pauses == list(PROPAGATION_PAUSES)


def test_a_schedule_is_removed_with_its_lambda_and_nothing_else() -> None:
    events = FakeEvents("retrain-dev-on_schedule-event", "retrain-dev-announce-event")
    lambdas = FakeLambda("retrain-dev-on_schedule", "retrain-dev-announce")

    remove_schedule(NAMES, "on_schedule", events, lambdas)

    assert events.rules == {"retrain-dev-announce-event": {"1"}}
    assert lambdas.functions == {"retrain-dev-announce"}


def test_without_a_schedule_there_is_nothing_to_remove() -> None:
    remove_schedule(NAMES, "on_schedule", FakeEvents(), FakeLambda())
