"""Runs whose files and logs are hostile: every page shows them beside the others, none is blank."""

import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.console.conftest import DATASET
from tests.e2e.pipeline import Pipeline

NINES = b"9" * 400
DIGITS = "1" * 5000
LOG = (f"epoch=1/{'9' * 30}; loss=0.5;", f"epoch={DIGITS}", "epoch=1/2; loss=0.25; seconds=1.0;")


def run(aws: Pipeline, **asked: Any) -> str:
    """The name of an execution with that input, which has ended."""
    arn = aws.invoke("start_retraining", {"dataset": DATASET, "force": True, **asked})
    aws.end_of(arn["execution_arn"])
    return str(arn["execution_arn"].rsplit(":", 1)[-1])


def spoil(aws: Pipeline, name: str) -> None:
    """Write over the run's files, and into the log of its training, what no product writes."""
    bucket = aws.deployment.bucket
    for file, content in (
        ("decision.json", b'{"decision": "reject", "metrics": {"accuracy": %s}, "rules": [1]}'),
        ("run.json", b'{"dataset": 5, "code": [], "steps": {"Train": %s}}'),
        ("evaluation/evaluation.json", b'{"dataset": [], "model": {"size_bytes": %s}}'),
    ):
        aws.s3.put_object(Bucket=bucket, Key=f"runs/{name}/{file}", Body=content % NINES)
    logs, group = aws.aws.client("logs"), "/aws/sagemaker/TrainingJobs"
    found = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}-train")
    stream = found["logStreams"][0]["logStreamName"]
    now = int(time.time() * 1000)
    events = [{"timestamp": now, "message": message} for message in LOG]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


@pytest.fixture(scope="module")
def rejected(aws: Pipeline, uploaded: str) -> str:
    name = run(aws, hyperparameters={"fault": "not a number"})
    spoil(aws, name)
    return name


@pytest.fixture(scope="module")
def registered(aws: Pipeline, rejected: str) -> str:
    name = run(aws)
    spoil(aws, name)
    return name


def test_the_list_shows_them_and_all_others(
    page: Page, console: str, uploaded: str, rejected: str, registered: str
) -> None:
    page.goto(console)
    for name in (rejected, registered, uploaded.rsplit(":", 1)[-1]):
        expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=rejected, exact=True))
    expect(row).to_contain_text("accuracy is a huge number, expected a number")


def test_their_own_pages_show_what_can_be_read(
    page: Page, console: str, rejected: str, registered: str
) -> None:
    for name in (rejected, registered):
        page.goto(f"{console}/executions/{name}")
        expect(page.get_by_role("heading", name=name)).to_be_visible()
        expect(page.get_by_text("Epoch 1 of 2: loss 0.2500")).to_be_visible()
        expect(page.get_by_role("list", name="Timeline of the states")).to_contain_text("Train")


def test_the_pages_of_models_name_what_cannot_be_read(
    page: Page, console: str, registered: str
) -> None:
    page.goto(f"{console}/models")
    line = page.get_by_role("row").filter(has=page.get_by_role("link", name=registered))
    expect(line).to_be_visible()
    line.get_by_role("link").first.click()
    expect(page.get_by_text("run.json: dataset is 5, expected an object")).to_be_visible()
    expect(page.get_by_text("decision.json: rules[0] is 1, expected an object")).to_be_visible()
    expect(page.get_by_role("heading", name="Where it comes from")).to_be_visible()
