"""What the embedded AWS was told is there after `kill -9` and a new start on the same folder."""

import json
import os
import random
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.httpsession import URLLib3Session

from local_aws.client import EmbeddedAws, EmbeddedAwsError
from local_aws.state.summary import summary
from tests.functional.conftest import zipped
from tests.functional.events import create_machine, function_arn
from tests.functional.local_aws.sagemaker.test_registry import package
from tests.support.asking import ask
from tests.support.roles import allow, ensure_role, make_role
from tests.support.waiting import eventually

BUCKET = "survives"
ADDS = "def handler(event, context):\n    return event['a'] + event['b']\n"
ODD_KEY = "folder/a b+ü%2F.txt"


class Restarted:
    """An embedded AWS that can be killed, and started anew on its folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.aws = EmbeddedAws(folder).__enter__()

    def kill(self) -> None:
        os.kill(self.aws.pid, signal.SIGKILL)
        self.aws.stop()

    def again(self) -> EmbeddedAws:
        """Kill the server and start the next."""
        self.kill()
        return self.start()

    def start(self) -> EmbeddedAws:
        self.aws = EmbeddedAws(self.folder).__enter__()
        return self.aws

    def client(self, service: str) -> Any:
        return self.aws.client(service)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Restarted]:
    server = Restarted(tmp_path)
    yield server
    server.aws.stop()


def put_objects(aws: EmbeddedAws) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "team", "Value": "ml"}]})
    s3.put_object(Bucket=BUCKET, Key="unversioned", Body=b"one")
    s3.put_object(Bucket=BUCKET, Key="unversioned", Body=b"two")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=BUCKET, Key=ODD_KEY, Body=b"first", Tagging="n=1", Metadata={"who": "me"})
    s3.put_object(Bucket=BUCKET, Key=ODD_KEY, Body=b"second", ContentType="text/plain")
    s3.put_object(Bucket=BUCKET, Key="deleted", Body=b"still here")
    s3.delete_object(Bucket=BUCKET, Key="deleted")
    s3.put_object_tagging(
        Bucket=BUCKET, Key="unversioned", Tagging={"TagSet": [{"Key": "late", "Value": "yes"}]}
    )


def put_function(aws: EmbeddedAws) -> None:
    aws.client("lambda").create_function(
        FunctionName="adds",
        Runtime="python3.11",
        Role=make_role(aws, allow("*"), name="kept"),
        Handler="app.handler",
        Code={"ZipFile": zipped(app=ADDS, padding=f"noise = {os.urandom(100_000)!r}")},
        Environment={"Variables": {"NAME": "value"}},
    )
    aws.client("lambda").add_permission(
        FunctionName="adds",
        StatementId="s3",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn=f"arn:aws:s3:::{BUCKET}",
    )
    aws.client("s3").put_bucket_notification_configuration(
        Bucket=BUCKET,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {"LambdaFunctionArn": function_arn("adds"), "Events": ["s3:ObjectRestore:Post"]}
            ]
        },
    )


def put_messages(aws: EmbeddedAws) -> None:
    sqs, sns = aws.client("sqs"), aws.client("sns")
    queue = sqs.create_queue(QueueName="kept", Attributes={"VisibilityTimeout": "0"})["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:123456789012:kept"
    topic = sns.create_topic(Name="kept")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sqs.send_message(QueueUrl=queue, MessageBody="sent")
    sns.publish(TopicArn=topic, Message="published")
    events = aws.client("events")
    events.put_rule(Name="kept", EventPattern='{"source": ["test"]}')
    events.put_targets(Rule="kept", Targets=[{"Id": "1", "Arn": arn}])


def put_registry(aws: EmbeddedAws) -> None:
    sagemaker = aws.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName="kept")
    arn = sagemaker.create_model_package(**package("kept"))["ModelPackageArn"]
    sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus="Approved")


def put_logs(aws: EmbeddedAws) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="kept")
    logs.create_log_stream(logGroupName="kept", logStreamName="stream")
    for start in range(0, 450, 150):
        logs.put_log_events(logGroupName="kept", logStreamName="stream", logEvents=lines(start))


def lines(start: int) -> list[dict[str, Any]]:
    """150 log events of now, numbered from `start`."""
    now = int(time.time() * 1000)
    return [{"timestamp": now, "message": f"line {start + n}"} for n in range(150)]


def put_execution(aws: EmbeddedAws) -> None:
    states = aws.client("stepfunctions")
    ensure_role(aws)
    machine = create_machine(states, {"Type": "Pass", "End": True})
    arn = states.start_execution(stateMachineArn=machine, name="kept", input='{"n": 1}')
    eventually(lambda: states.describe_execution(executionArn=arn["executionArn"])["output"])


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    """A server that was started on what another one, killed at once, had been told."""
    server = Restarted(tmp_path_factory.mktemp("state"))
    puts = (put_objects, put_function, put_messages, put_registry, put_logs, put_execution)
    for put in puts:
        put(server.aws)
    yield server.again()
    server.aws.stop()


def test_objects_with_their_versions_tags_and_metadata(aws: EmbeddedAws) -> None:
    s3 = aws.client("s3")
    listed = s3.list_object_versions(Bucket=BUCKET)
    versions = [each["VersionId"] for each in listed["Versions"] if each["Key"] == ODD_KEY]
    newest, oldest = (
        s3.get_object(Bucket=BUCKET, Key=ODD_KEY, VersionId=version) for version in versions
    )
    assert (newest["Body"].read(), newest["ContentType"]) == (b"second", "text/plain")
    assert (oldest["Body"].read(), oldest["Metadata"]) == (b"first", {"who": "me"})
    tags = s3.get_object_tagging(Bucket=BUCKET, Key=ODD_KEY, VersionId=versions[1])["TagSet"]
    assert tags == [{"Key": "n", "Value": "1"}]
    assert s3.get_object(Bucket=BUCKET, Key="unversioned")["Body"].read() == b"two"
    tags = s3.get_object_tagging(Bucket=BUCKET, Key="unversioned")["TagSet"]
    assert tags == [{"Key": "late", "Value": "yes"}]


def test_a_delete_marker_and_what_it_hides(aws: EmbeddedAws) -> None:
    s3 = aws.client("s3")
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket=BUCKET, Key="deleted")
    (marker,) = s3.list_object_versions(Bucket=BUCKET, Prefix="deleted")["DeleteMarkers"]
    s3.delete_object(Bucket=BUCKET, Key="deleted", VersionId=marker["VersionId"])
    assert s3.get_object(Bucket=BUCKET, Key="deleted")["Body"].read() == b"still here"


def test_the_settings_of_a_bucket(aws: EmbeddedAws) -> None:
    s3 = aws.client("s3")
    assert s3.get_bucket_versioning(Bucket=BUCKET)["Status"] == "Enabled"
    assert s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"] == [{"Key": "team", "Value": "ml"}]
    notified = s3.get_bucket_notification_configuration(Bucket=BUCKET)
    (configuration,) = notified["LambdaFunctionConfigurations"]
    assert configuration["LambdaFunctionArn"] == function_arn("adds")


def test_a_function_that_runs(aws: EmbeddedAws) -> None:
    client = aws.client("lambda")
    answer = client.invoke(FunctionName="adds", Payload=b'{"a": 2, "b": 3}')
    assert json.load(answer["Payload"]) == 5
    settings = client.get_function_configuration(FunctionName="adds")
    assert settings["Environment"]["Variables"] == {"NAME": "value"}
    assert "s3.amazonaws.com" in client.get_policy(FunctionName="adds")["Policy"]
    assert aws.client("iam").get_role(RoleName="kept")["Role"]["RoleName"] == "kept"


def test_messages_and_who_gets_the_next_ones(aws: EmbeddedAws) -> None:
    sqs, sns = aws.client("sqs"), aws.client("sns")
    sns.publish(TopicArn=sns.list_topics()["Topics"][0]["TopicArn"], Message="published later")
    event = {"Source": "test", "DetailType": "put later", "Detail": "{}"}
    aws.client("events").put_events(Entries=[event])
    queue = sqs.get_queue_url(QueueName="kept")["QueueUrl"]
    wanted = {"sent", '"published"', '"published later"', "put later"}
    bodies: list[str] = []

    def all_came() -> bool:
        received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
        bodies.extend(message["Body"] for message in received.get("Messages", []))
        return all(any(each in body for body in bodies) for each in wanted)

    eventually(all_came)


def test_the_registry(aws: EmbeddedAws) -> None:
    sagemaker = aws.client("sagemaker")
    listed = sagemaker.list_model_packages(ModelPackageGroupName="kept")
    (kept,) = listed["ModelPackageSummaryList"]
    assert (kept["ModelPackageVersion"], kept["ModelApprovalStatus"]) == (1, "Approved")
    second = sagemaker.create_model_package(**package("kept"))["ModelPackageArn"]
    assert second.endswith("/2")


def test_what_was_logged(aws: EmbeddedAws) -> None:
    client = aws.client("logs")
    stream = {"logGroupName": "kept", "logStreamName": "stream"}
    assert messages(client, stream) == [f"line {n}" for n in range(450)]
    client.put_log_events(**stream, logEvents=lines(450))
    assert messages(client, stream)[-1] == "line 599"
    found = client.filter_log_events(logGroupName="kept")["events"]
    assert len({event["eventId"] for event in found}) == len(found)


def messages(client: Any, stream: dict[str, str]) -> list[str]:
    events = client.get_log_events(**stream, startFromHead=True)["events"]
    return [event["message"] for event in events]


def test_a_machine_and_its_history(aws: EmbeddedAws) -> None:
    states = aws.client("stepfunctions")
    (machine,) = states.list_state_machines()["stateMachines"]
    (execution,) = states.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
    assert (execution["name"], execution["status"]) == ("kept", "SUCCEEDED")
    history = states.get_execution_history(executionArn=execution["executionArn"])["events"]
    assert [event["type"] for event in history] == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        states.start_execution(stateMachineArn=machine["stateMachineArn"], name="kept")


def test_a_multipart_upload_goes_on(server: Restarted) -> None:
    server.client("s3").create_bucket(Bucket=BUCKET)
    upload = {"Bucket": BUCKET, "Key": "large"}
    upload["UploadId"] = server.client("s3").create_multipart_upload(**upload)["UploadId"]
    parts = []
    for number, body in ((1, b"1" * 5 * 1024 * 1024), (2, b"2")):
        part = server.client("s3").upload_part(**upload, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
        server.again()
    server.client("s3").complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    s3 = server.again().client("s3")
    body = s3.get_object(Bucket=BUCKET, Key="large")["Body"].read()
    assert (len(body), body[-2:]) == (5 * 1024 * 1024 + 1, b"12")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=BUCKET)


@pytest.mark.parametrize("method", ["OPTIONS", "POST", "GET", "PUT", "DELETE", "HEAD"])
def test_a_request_without_a_bucket_marks_nothing(server: Restarted, method: str) -> None:
    request = AWSRequest(method, f"{server.aws.endpoint}/")
    credentials = server.aws.session().get_credentials()
    S3SigV4Auth(credentials, "s3", server.aws.region).add_auth(request)
    URLLib3Session().send(request.prepare())
    told = summary(server.folder)
    assert (told["not_kept"], [part for part in told["items"] if part.startswith("s3")]) == ([], [])
    assert "is not kept" not in (server.folder / "server.log").read_text()


def test_what_was_deleted_stays_away_and_leaves_no_file(server: Restarted) -> None:
    s3 = server.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.create_bucket(Bucket="goes")
    for body in (b"1", b"2"):
        s3.put_object(Bucket=BUCKET, Key="overwritten", Body=body)
        s3.put_object(Bucket="goes", Key="key", Body=body)
    s3.delete_objects(Bucket="goes", Delete={"Objects": [{"Key": "key"}]})
    s3.delete_bucket(Bucket="goes")
    assert len(list((server.folder / "objects").iterdir())) == 1
    s3 = server.again().client("s3")
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == [BUCKET]
    assert s3.get_object(Bucket=BUCKET, Key="overwritten")["Body"].read() == b"2"


def test_a_file_that_no_object_names_is_removed_at_the_next_start(server: Restarted) -> None:
    stray = server.folder / "objects" / "stray"
    stray.write_bytes(b"written, and then the server was killed")
    server.again()
    assert not stray.exists()


def test_a_reset_of_everything_is_kept_too(server: Restarted) -> None:
    server.client("s3").create_bucket(Bucket=BUCKET)
    server.client("s3").put_object(Bucket=BUCKET, Key="key", Body=b"1")
    server.client("sqs").create_queue(QueueName="queue")
    ask(server.aws, "/moto-api/reset", b"")
    server.again()
    assert server.client("s3").list_buckets()["Buckets"] == []
    assert "QueueUrls" not in server.client("sqs").list_queues()


@pytest.mark.parametrize("seed", range(3))
def test_each_object_that_was_acknowledged_when_the_kill_struck(
    server: Restarted, seed: int
) -> None:
    """Several writers put objects, overwriting some; what they were told holds afterwards."""
    server.client("s3").create_bucket(Bucket=BUCKET)
    acknowledged: dict[str, bytes] = {}
    enough = threading.Event()
    kill_after = random.Random(seed).randrange(5, 60)

    def write(writer: int) -> None:
        options = Config(retries={"max_attempts": 0})
        s3 = server.aws.client("s3", config=options)
        for number in range(10_000):
            key = f"{writer}/{number % 10}"
            body = f"{writer} {number} ".encode() * 100
            try:
                s3.put_object(Bucket=BUCKET, Key=key, Body=body)
            except (BotoCoreError, ClientError):
                return
            acknowledged[key] = body
            if number == kill_after:
                enough.set()

    writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for writer in writers:
        writer.start()
    enough.wait()
    server.kill()
    for writer in writers:
        writer.join()
    s3 = server.start().client("s3")
    for key, body in acknowledged.items():
        writer, number, *_ = body.decode().split()
        kept = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
        # The next one, ten numbers on, may have been under way.
        later = f"{writer} {int(number) + 10} ".encode() * 100
        assert kept in (body, later)


def test_the_port_stays_the_same_while_it_is_free(server: Restarted, tmp_path: Path) -> None:
    endpoint = server.aws.endpoint
    assert server.again().endpoint == endpoint
    server.aws.stop()
    port = endpoint.rpartition(":")[2]
    with EmbeddedAws(tmp_path / "other", arguments=("--port", port)):
        assert server.start().endpoint != endpoint


def test_state_of_another_version_is_refused_and_left_alone(server: Restarted) -> None:
    server.client("s3").create_bucket(Bucket=BUCKET)
    server.kill()
    with sqlite3.connect(server.folder / "state.sqlite") as state:
        state.execute("UPDATE about SET value = '4.0.0' WHERE name = 'moto'")
    with pytest.raises(EmbeddedAwsError, match=r"moto 4\.0\.0.*moto 5\..*retrain local reset"):
        server.start()
    with sqlite3.connect(server.folder / "state.sqlite") as state:
        assert state.execute("SELECT count(*) FROM items").fetchone()[0] > 0


def test_who_is_not_saved_is_not_told_that_he_is(server: Restarted) -> None:
    """The place of objects' bytes cannot be written to: the PutObject fails and leaves nothing."""
    s3 = server.aws.client("s3", config=Config(retries={"max_attempts": 0}))
    s3.create_bucket(Bucket=BUCKET)
    (server.folder / "objects").rename(server.folder / "elsewhere")
    with pytest.raises(ClientError, match="InternalError"):
        s3.put_object(Bucket=BUCKET, Key="key", Body=b"1")
    (server.folder / "elsewhere").rename(server.folder / "objects")
    assert "Contents" not in server.again().client("s3").list_objects_v2(Bucket=BUCKET)
