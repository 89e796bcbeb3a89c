"""kill -9 of the embedded AWS: each event that it accepted arrives after the next start.

Each test has a server of its own, and starts the next one on the same folder and port.
"""

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.conftest import zipped
from tests.functional.events import Queue, Rules, function_arn, permit, topic_into
from tests.support.roles import ROLE, ensure_role
from tests.support.waiting import eventually

# Leaves an object for each attempt, named by the event that it gets and the attempt's number.
LEAVES_OBJECTS = """
import boto3, json, time
s3 = boto3.client("s3")
def attempt(event):
    records = event.get("Records")
    name = records[0]["s3"]["object"]["key"] if records else event["name"]
    number = s3.list_objects_v2(Bucket="attempts", Prefix=name + "/")["KeyCount"] + 1
    s3.put_object(Bucket="attempts", Key=f"{name}/{number}")
    return number
"""
SUCCEEDS = LEAVES_OBJECTS + "def handler(event, context):\n    return attempt(event)\n"
FAILS = LEAVES_OBJECTS + "def handler(event, context):\n    raise KeyError(attempt(event))\n"
HANGS_AT_FIRST = LEAVES_OBJECTS + (
    "def handler(event, context):\n    if attempt(event) == 1:\n        time.sleep(600)\n"
)
# All but the first ten wait for an object in the bucket "gate".
WAITS_AT_A_GATE = (
    LEAVES_OBJECTS
    + """
def handler(event, context):
    if event["Records"][0]["s3"]["object"]["key"] >= "key-10":
        while not s3.list_objects_v2(Bucket="gate")["KeyCount"]:
            time.sleep(0.1)
    attempt(event)
"""
)


class Servers:
    """Embedded AWSs one after another on one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._arguments: tuple[str, ...] = ("--lambda-retry-delays", "3,0.2")
        self.aws = self._start()
        port = urlsplit(self.aws.endpoint).port
        self._arguments += ("--port", str(port))
        self.aws.client("s3").create_bucket(Bucket="attempts")
        ensure_role(self.aws)

    def kill_and_start(self) -> None:
        os.kill(self.aws.pid, signal.SIGKILL)
        self.aws.stop()
        self.aws = self._start()

    def _start(self) -> EmbeddedAws:
        return EmbeddedAws(self._folder, arguments=self._arguments).__enter__()

    def deploy(self, name: str, source: str, **asynchronous: Any) -> str:
        """Deploy a function with settings for asynchronous invocations; return its name."""
        functions = self.aws.client("lambda")
        functions.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=ROLE,
            Handler="app.handler",
            Code={"ZipFile": zipped(app=source)},
            Timeout=900,
        )
        if asynchronous:
            functions.put_function_event_invoke_config(FunctionName=name, **asynchronous)
        return name

    def send(self, function: str, name: str) -> None:
        payload = json.dumps({"name": name})
        answer = self.aws.client("lambda").invoke(
            FunctionName=function, InvocationType="Event", Payload=payload
        )
        assert answer["StatusCode"] == 202

    def wait_until_kept(self) -> None:
        """Whatever happened before a request is on disk when it is answered."""
        self.aws.client("s3").create_bucket(Bucket="last")

    def attempts(self, prefix: str = "") -> list[str]:
        pages = self.aws.client("s3").get_paginator("list_objects_v2")
        found = pages.paginate(Bucket="attempts", Prefix=prefix).search("Contents[].Key")
        return [key for key in found if key]

    def log(self) -> str:
        return (self._folder / "server.log").read_text()

    def stop(self) -> None:
        self.aws.stop()


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    started = Servers(tmp_path)
    yield started
    started.stop()


def failures_to(queue: Queue, **settings: Any) -> dict[str, Any]:
    return {"DestinationConfig": {"OnFailure": {"Destination": queue.arn}}, **settings}


def test_a_failed_event_that_waits_is_retried_as_often_as_is_left(servers: Servers) -> None:
    failed = Queue(servers.aws)
    function = servers.deploy("fails", FAILS, **failures_to(failed))
    servers.send(function, "order")
    eventually(lambda: "failed, retry 1 in" in servers.log())
    servers.wait_until_kept()

    servers.kill_and_start()

    record = failed.of(servers.aws).body()
    assert record["requestContext"]["condition"] == "RetriesExhausted"
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["requestPayload"] == {"name": "order"}
    assert servers.attempts() == ["order/1", "order/2", "order/3"]


def test_an_event_whose_function_runs_is_run_again(servers: Servers) -> None:
    function = servers.deploy("hangs", HANGS_AT_FIRST)
    servers.send(function, "order")
    eventually(lambda: servers.attempts() == ["order/1"])

    servers.kill_and_start()

    eventually(lambda: servers.attempts() == ["order/1", "order/2"])


def test_the_event_of_each_object_that_was_put_arrives(servers: Servers) -> None:
    function = servers.deploy("receives", WAITS_AT_A_GATE)
    s3 = servers.aws.client("s3")
    s3.create_bucket(Bucket="gate")
    s3.create_bucket(Bucket="uploads")
    permit(servers.aws, function, "s3", "arn:aws:s3:::uploads")
    destination = {"LambdaFunctionArn": function_arn(function), "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="uploads",
        NotificationConfiguration={"LambdaFunctionConfigurations": [destination]},
    )
    keys = [f"key-{number:02d}" for number in range(40)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda key: s3.put_object(Bucket="uploads", Key=key), keys))

    eventually(servers.attempts)
    servers.kill_and_start()

    servers.aws.client("s3").put_object(Bucket="gate", Key="open")
    eventually(lambda: {key.partition("/")[0] for key in servers.attempts()} == set(keys), 60)


def test_what_failed_for_good_reaches_its_destination(servers: Servers) -> None:
    failed = Queue(servers.aws)
    function = servers.deploy("fails", FAILS, **failures_to(failed, MaximumRetryAttempts=0))
    names = [f"order-{number:02d}" for number in range(20)]
    for name in names:
        servers.send(function, name)

    servers.kill_and_start()

    queue = failed.of(servers.aws)

    def recorded() -> set[str]:
        return {record["requestPayload"]["name"] for record in queue.bodies()}

    eventually(lambda: queue.receive() and recorded() == set(names))


def test_throttled_events_wait_for_the_next_server_too(servers: Servers) -> None:
    function = servers.deploy("waits", SUCCEEDS)
    servers.aws.client("lambda").put_function_concurrency(
        FunctionName=function, ReservedConcurrentExecutions=0
    )
    servers.send(function, "order")

    servers.kill_and_start()

    functions = servers.aws.client("lambda")
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        functions.invoke(FunctionName=function, Payload='{"name": "other"}')
    functions.delete_function_concurrency(FunctionName=function)
    eventually(lambda: servers.attempts() == ["order/1"])


def test_events_of_a_bus_reach_their_targets(servers: Servers) -> None:
    queue = Queue(servers.aws)
    topic = topic_into(servers.aws, queue)
    Rules(servers.aws).put({"Arn": topic}, pattern={"source": ["shop"]})
    events = servers.aws.client("events")
    for first in range(0, 100, 10):
        numbers = range(first, first + 10)
        answer = events.put_events(
            Entries=[
                {"Source": "shop", "DetailType": "Order", "Detail": json.dumps({"order": number})}
                for number in numbers
            ]
        )
        assert answer["FailedEntryCount"] == 0

    servers.kill_and_start()

    received = queue.of(servers.aws)

    def orders() -> set[int]:
        return {event["detail"]["order"] for event in received.bodies()}

    eventually(lambda: received.receive() and orders() == set(range(100)))
