"""A read-only console and the queue of failed events: it counts, and takes nothing."""

from pathlib import Path

import pytest

from console import health
from console.account import Account, ReadOnlyError
from console.actions import Actions
from local_aws.client import EmbeddedAws
from operations.stage import connect
from state_machine.deployment.messaging import FAILED_EVENTS, FailedEventsQueue
from tests.functional.sagemaker_requests import unique
from tests.support.paths import PROJECT


def test_it_counts_the_failed_events_and_takes_none(
    embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in embedded_aws.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(PROJECT)
    stage = connect(Path("pipeline.toml"), unique("t"))
    sqs = stage.client("sqs")
    FailedEventsQueue(stage.names, sqs).create()
    url = sqs.get_queue_url(QueueName=stage.names.queue(FAILED_EVENTS))["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="kept")
    account = Account(stage, read_only=True)

    assert health.kept_events(account) == 1
    with pytest.raises(ReadOnlyError):
        Actions(account).read_failed_events()

    (message,) = sqs.receive_message(QueueUrl=url, AttributeNames=["All"])["Messages"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
