"""The server as a process: how it starts, who may talk to it, and how it ends."""

import json
import os
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from botocore.config import Config

from local_aws.client import EmbeddedAws, EmbeddedAwsError
from tests.functional.conftest import zipped
from tests.support.asking import with_key
from tests.support.paths import PROJECT
from tests.support.roles import ensure_role
from tests.support.waiting import eventually

LEAVES_PROCESSES = """
import subprocess
def handler(event, context):
    subprocess.Popen(["sleep", "600"])
    subprocess.Popen(["sleep", "600"], start_new_session=True)
"""


def start_function_with_children(aws: EmbeddedAws) -> list[psutil.Process]:
    """Leave a warm function with two processes of its own; return all that the server started."""
    aws.client("lambda").create_function(
        FunctionName="leaves",
        Runtime="python3.11",
        Role=ensure_role(aws),
        Handler="app.handler",
        Code={"ZipFile": zipped(app=LEAVES_PROCESSES)},
    )
    aws.client("lambda").invoke(FunctionName="leaves")
    started = psutil.Process(aws.pid).children(recursive=True)
    assert len(started) >= 4  # supervisor, perhaps a container's first process, function, its two
    return started


def test_any_aws_tool_sees_it_by_its_environment(embedded_aws: EmbeddedAws) -> None:
    embedded_aws.client("s3").create_bucket(Bucket="seen-by-tools")
    script = (
        "import boto3; print([b['Name'] for b in boto3.client('s3').list_buckets()['Buckets']])"
    )
    environment = {"PATH": os.environ["PATH"], **embedded_aws.environment()}
    listed = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert "seen-by-tools" in listed.stdout


def test_it_listens_on_loopback_only(embedded_aws: EmbeddedAws) -> None:
    addresses = {
        connection.laddr.ip
        for connection in psutil.Process(embedded_aws.pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}


def test_bucket_may_be_part_of_the_host_name(embedded_aws: EmbeddedAws) -> None:
    s3 = embedded_aws.client("s3", config=Config(signature_version="s3v4"))
    s3.create_bucket(Bucket="virtual")
    s3.put_object(Bucket="virtual", Key="key", Body=b"value")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "virtual", "Key": "key"})
    query = urlsplit(url).query
    address = urlsplit(embedded_aws.endpoint)
    connection = HTTPConnection("127.0.0.1", address.port)
    connection.request(
        "GET", f"/key?{query}", headers={"Host": f"virtual.localhost:{address.port}"}
    )
    assert connection.getresponse().read() == b"value"
    connection.close()


def test_crash_of_motos_is_answered_and_logged(embedded_aws: EmbeddedAws) -> None:
    client = embedded_aws.client("s3", config=Config(retries={"max_attempts": 0}))
    client.create_bucket(Bucket="crashes")
    # moto 5.2.5 asks an empty element for a child: AttributeError.
    address = urlsplit(embedded_aws.endpoint)
    connection = HTTPConnection("127.0.0.1", address.port)
    key = with_key(embedded_aws)
    connection.request("PUT", "/crashes?tagging", body=b"<Tagging/>", headers=key)
    answer = connection.getresponse()
    assert answer.status == 500
    assert b"<Code>InternalError</Code>" in answer.read()
    connection.close()
    assert "AttributeError" in (embedded_aws.data_folder / "server.log").read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_signal_ends_the_server_and_all_it_started(tmp_path: Path, number: int) -> None:
    with EmbeddedAws(tmp_path) as aws:
        started = start_function_with_children(aws)
        server = psutil.Process(aws.pid)
        server.send_signal(number)
        eventually(lambda: not any(process.is_running() for process in started))
        assert server.wait(10) == (-number if number == signal.SIGKILL else 0)


def test_interrupt_ends_the_server(tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path) as aws:
        server = psutil.Process(aws.pid)
        server.send_signal(signal.SIGINT)
        assert server.wait(10) == 0


def test_end_of_standard_input_ends_the_server(tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path) as aws:
        started = start_function_with_children(aws)
        server = psutil.Process(aws.pid)
    assert not server.is_running()
    assert not any(process.is_running() for process in started)
    assert "Traceback" not in (tmp_path / "server.log").read_text()


def test_end_of_the_caller_ends_the_server(tmp_path: Path) -> None:
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from local_aws.client import EmbeddedAws\n"
        "with EmbeddedAws(Path(sys.argv[1])) as aws:\n"
        "    print(aws.pid, flush=True)\n"
        "    time.sleep(600)\n"
    )
    caller = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert caller.stdout is not None
    server = psutil.Process(int(caller.stdout.readline()))
    caller.kill()
    caller.wait()
    caller.stdout.close()
    eventually(lambda: not server.is_running())


def test_a_port_may_be_chosen_and_one_that_is_taken_is_named(
    embedded_aws: EmbeddedAws, tmp_path: Path
) -> None:
    port = str(urlsplit(embedded_aws.endpoint).port)
    with (
        pytest.raises(EmbeddedAwsError, match=f"(?s)did not start.*{port}"),
        EmbeddedAws(tmp_path, arguments=("--port", port)),
    ):
        pass


@pytest.mark.parametrize("problem", ["state", "port", "folder"])
def test_a_server_that_does_not_start_says_why_in_one_line(
    embedded_aws: EmbeddedAws, tmp_path: Path, problem: str
) -> None:
    """Its standard input is open all the while, as a caller's is that waits for its endpoint."""
    folder = embedded_aws.data_folder if problem == "folder" else tmp_path
    command = [sys.executable, "-m", "local_aws", "--data-folder", str(folder), "--stop-with-stdin"]
    if problem == "port":
        command += ["--port", str(urlsplit(embedded_aws.endpoint).port)]
    if problem == "state":
        (folder / "state.sqlite").write_bytes(b"no state" * 100)
    with subprocess.Popen(
        command, cwd=PROJECT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        told = server.stderr.read()
        assert server.wait() == 1
    assert told.count("\n") == 1, told


def test_region_is_the_given_one_and_a_users_profile_is_out_of_reach(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a profile nor another endpoint of the caller's reaches the server's own calls."""
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    state = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:listBuckets", "End": True}
    with EmbeddedAws(tmp_path, region="eu-west-1") as aws:
        monkeypatch.delenv("AWS_PROFILE")
        topic = aws.client("sns").create_topic(Name="here")["TopicArn"]
        assert topic == "arn:aws:sns:eu-west-1:123456789012:here"
        client = aws.client("stepfunctions")
        machine = client.create_state_machine(
            name="lists",
            definition=json.dumps({"StartAt": "List", "States": {"List": state}}),
            roleArn=ensure_role(aws),
        )["stateMachineArn"]
        execution = client.start_execution(stateMachineArn=machine)["executionArn"]

        def status() -> str:
            return client.describe_execution(executionArn=execution)["status"]

        eventually(lambda: status() != "RUNNING")
        assert status() == "SUCCEEDED"
