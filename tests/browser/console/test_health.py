"""What the page of health shows, and the replay of an event that no Lambda could handle."""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from state_machine.deployment.messaging import FAILED_EVENTS
from tests.e2e.pipeline import Pipeline
from tests.support.waiting import eventually

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def kept(aws: Pipeline) -> Iterator[str]:
    """An event that start_retraining could not handle, as Lambda keeps it; the queue's URL."""
    sqs = aws.aws.client("sqs")
    function = aws.deployment.functions["start_retraining"]
    arn = aws.lambdas.get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    url = sqs.get_queue_url(QueueName=f"retrain-dev-{FAILED_EVENTS}")["QueueUrl"]
    record = {
        "requestContext": {
            "functionArn": f"{arn}:$LATEST",
            "condition": "RetriesExhausted",
            "approximateInvokeCount": 3,
        },
        "requestPayload": {"dataset": "digits", "again": True, "reason": HOSTILE},
        "responsePayload": {"errorType": "ThrottlingError", "errorMessage": HOSTILE},
    }
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(record))
    yield url
    for message in sqs.receive_message(QueueUrl=url).get("Messages", []):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_the_embedded_aws_is_up(page: Page, console: str, aws: Pipeline) -> None:
    page.goto(f"{console}/health")
    expect(page.get_by_text("Up", exact=True)).to_be_visible()
    expect(page.get_by_text(aws.aws.endpoint, exact=True)).to_be_visible()
    expect(page.get_by_text("123456789012", exact=True)).to_be_visible()
    expect(page.get_by_text("us-east-1", exact=True)).to_be_visible()


def test_a_failed_event_is_shown_and_replayed(
    page: Page, console: str, aws: Pipeline, uploaded: str, kept: str
) -> None:
    before = aws.executions()
    page.goto(f"{console}/health")
    expect(page.get_by_text("About 1 kept")).to_be_visible()
    page.get_by_role("button", name="Read the queue").click()
    event = page.get_by_role("row").filter(has_text="start_retraining")
    expect(event).to_contain_text(HOSTILE)  # as text
    event.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("invoked retrain-dev-start_retraining")).to_be_visible()
    expect(page.get_by_text("0 kept", exact=True)).to_be_visible()
    eventually(lambda: len(aws.executions()) == len(before) + 1)
    aws.end_of(aws.executions()[0])


def test_a_read_only_console_counts_the_queue_and_takes_nothing_from_it(
    page: Page, read_only_console: str, aws: Pipeline, kept: str
) -> None:
    page.goto(f"{read_only_console}/health")
    expect(page.get_by_text("About 1 kept")).to_be_visible()
    expect(page.get_by_role("button", name="Read the queue")).to_be_disabled()
    expect(page.get_by_text("a read-only console only asks about how many")).to_be_visible()
    received = aws.aws.client("sqs").receive_message(
        QueueUrl=kept, AttributeNames=["ApproximateReceiveCount"], VisibilityTimeout=0
    )
    (message,) = received["Messages"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"


def test_what_runs_take_is_measured_when_asked(
    page: Page, console: str, aws: Pipeline, uploaded: str
) -> None:
    page.goto(f"{console}/health")
    page.get_by_role("button", name="Measure").click()
    name = uploaded.rsplit(":", 1)[-1]
    run = page.get_by_role("row").filter(has=page.get_by_role("link", name=name, exact=True))
    expect(run).to_contain_text("kB")
    expect(page.get_by_text("the largest first")).to_be_visible()
    expect(page.get_by_role("table", name="Everything else")).to_contain_text("raw_data/")
