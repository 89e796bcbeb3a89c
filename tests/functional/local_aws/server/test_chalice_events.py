"""Chalice's own deployment of functions that wait for events, schedules and messages."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from state_machine.artifacts.chalice_app import CHALICE
from tests.functional.events import Queue, fire

APP = """
import json, os
import boto3
from chalice import Chalice, Cron

app = Chalice(app_name="scratch")

def tell(what, event):
    body = json.dumps({what: event.to_dict()})
    boto3.client("sqs").send_message(QueueUrl=os.environ["QUEUE"], MessageBody=body)

@app.on_cw_event({"source": ["scratch.test"], "detail": {"status": [{"prefix": "FAIL"}]}})
def on_event(event):
    tell("event", event)

@app.schedule(Cron(0, 3, "*", "*", "?", "*"))
def nightly(event):
    tell("schedule", event)

@app.on_sns_message(topic="scratch-topic")
def on_message(event):
    tell("message", event)
"""


def deploy(aws: EmbeddedAws, project: Path) -> None:
    subprocess.run(
        [*CHALICE, "--project-dir", str(project), "deploy", "--stage", "dev"],
        env={**os.environ, **aws.environment()},
        check=True,
        capture_output=True,
        timeout=120,
    )


@pytest.fixture
def queue(embedded_aws: EmbeddedAws) -> Queue:
    return Queue(embedded_aws)


@pytest.fixture
def project(tmp_path: Path, role: str, queue: Queue) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "requirements.txt").write_text("")
    stage = {
        "manage_iam_role": False,
        "iam_role_arn": role,
        "environment_variables": {"QUEUE": queue.url},
    }
    config = {"version": "2.0", "app_name": "scratch", "stages": {"dev": stage}}
    (tmp_path / ".chalice").mkdir()
    (tmp_path / ".chalice" / "config.json").write_text(json.dumps(config))
    return tmp_path


def test_functions_deployed_twice_are_told_once(
    embedded_aws: EmbeddedAws, project: Path, queue: Queue
) -> None:
    sns, events = embedded_aws.client("sns"), embedded_aws.client("events")
    topic = sns.create_topic(Name="scratch-topic")["TopicArn"]
    for _ in range(2):
        deploy(embedded_aws, project)
    names = [rule["Name"] for rule in events.list_rules(NamePrefix="scratch-dev-")["Rules"]]
    [schedule] = [name for name in names if "nightly" in name]

    entries = [
        {"Source": "scratch.test", "DetailType": "T", "Detail": json.dumps({"status": status})}
        for status in ("SUCCEEDED", "FAILED")
    ]
    events.put_events(Entries=entries)
    fire(embedded_aws, schedule)
    sns.publish(TopicArn=topic, Message="retrain", Subject="Alarm")

    heard: dict[str, Any] = {}
    for body in queue.bodies(3):
        heard |= body
    assert len(names) == 2
    assert len(sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]) == 1
    assert heard["event"]["detail"] == {"status": "FAILED"}
    assert heard["schedule"]["detail-type"] == "Scheduled Event"
    assert heard["message"]["Records"][0]["Sns"]["Message"] == "retrain"
