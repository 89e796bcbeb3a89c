"""The embedded AWS as the command line starts and stops it."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import psutil
import pytest
from botocore.exceptions import EndpointConnectionError
from click.testing import Result
from typer.testing import CliRunner

from cli.main import app
from cli.served import embedded_aws as local
from cli.served.embedded_aws import data_folder, embedded_aws, serve
from local_aws.client import Connection, EmbeddedAws
from operations.errors import LocalAwsError
from tests.fakes.terminal import PlainTerminal
from tests.support.paths import PROJECT
from tests.support.waiting import eventually


def test_it_runs_while_the_block_runs_and_every_client_finds_it(tmp_path: Path) -> None:
    before = dict(os.environ)
    with embedded_aws(tmp_path) as aws:
        assert os.environ["AWS_ENDPOINT_URL"] == aws.endpoint
        assert aws.data_folder == data_folder(tmp_path)
        identity = boto3.Session().client("sts").get_caller_identity()
        assert identity["Account"] == "123456789012"
    assert dict(os.environ) == before
    with pytest.raises(EndpointConnectionError):
        aws.client("sts").get_caller_identity()


def test_one_that_ends_too_early_names_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(LocalAwsError) as raised, embedded_aws(tmp_path) as aws:
        os.kill(aws.pid, signal.SIGKILL)
        boto3.client("sts").get_caller_identity()
    assert "server.log" in raised.value.next_step


def test_serving_prints_the_exports_and_ends_with_ctrl_c(terminal: PlainTerminal) -> None:
    class Aws:
        def environment(self) -> dict[str, str]:
            return {"AWS_ENDPOINT_URL": "http://127.0.0.1:4"}

        def is_running(self) -> bool:
            return True

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    serve(Aws(), terminal, interrupted)  # type: ignore[arg-type]
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:4" in terminal.lines()


def test_serving_one_that_has_ended_is_an_error(tmp_path: Path, terminal: PlainTerminal) -> None:
    with EmbeddedAws(tmp_path) as aws:
        pass
    with pytest.raises(LocalAwsError, match="answers no more"):
        serve(aws, terminal)


def test_local_run_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from cli.main import app; app()", "local", "run"]
    with subprocess.Popen(
        [*command, "--config", str(tmp_path / "pipeline.toml")],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        export = next(line for line in lines if line.startswith("export AWS_ENDPOINT_URL="))
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    endpoint = export.strip().partition("=")[2]
    with pytest.raises(EndpointConnectionError):
        boto3.client(
            "sts",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        ).get_caller_identity()


@pytest.fixture
def background(tmp_path: Path) -> Iterator[Connection]:
    """An embedded AWS in the background of a project."""
    aws, new = local.start(tmp_path)
    assert new
    yield aws
    local.stop(tmp_path)


def retrain(project: Path, *words: str) -> Result:
    config = ["--config", str(project / "pipeline.toml")]
    return CliRunner().invoke(app, ["local", *words, *config])


def _is_gone(pid: int) -> bool:
    """Whether the process has ended; its parent, this process, may not have asked yet."""
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_one_in_the_background_is_found_used_and_left_as_it_is(
    tmp_path: Path, background: Connection
) -> None:
    with embedded_aws(tmp_path) as aws:
        assert aws.endpoint == background.endpoint
        # The default session may hold the key of another embedded AWS.
        boto3.Session().client("s3").create_bucket(Bucket="kept")
    buckets = background.client("s3").list_buckets()["Buckets"]
    assert [bucket["Name"] for bucket in buckets] == ["kept"]
    assert local.start(tmp_path)[1] is False


def test_a_second_server_on_the_same_folder_is_refused(
    tmp_path: Path, background: Connection
) -> None:
    with pytest.raises(LocalAwsError, match=str(background.pid)), local.own_aws(tmp_path):
        pass
    assert background.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_status_env_and_stop_say_what_is_there(tmp_path: Path, background: Connection) -> None:
    status = json.loads(retrain(tmp_path, "status", "--json").output)
    assert status["running"] is True
    assert (status["endpoint"], status["pid"]) == (background.endpoint, background.pid)
    assert status["data_folder"] == str(data_folder(tmp_path))
    assert f"export AWS_ENDPOINT_URL={background.endpoint}" in retrain(tmp_path, "env").output
    assert retrain(tmp_path, "reset").exit_code == 1
    assert "stopped" in retrain(tmp_path, "stop").output
    eventually(lambda: _is_gone(background.pid))
    assert json.loads(retrain(tmp_path, "status", "--json").output)["running"] is False
    assert "No embedded AWS" in retrain(tmp_path, "stop").output
    assert retrain(tmp_path, "env").exit_code == 1
    assert retrain(tmp_path, "reset").exit_code == 0
    assert not data_folder(tmp_path).exists()


def test_status_counts_what_is_kept_also_when_nothing_runs(
    tmp_path: Path, background: Connection
) -> None:
    assert "Nothing is kept" in retrain(tmp_path / "elsewhere", "status").output
    s3 = background.client("s3")
    s3.create_bucket(Bucket="counted")
    s3.put_object(Bucket="counted", Key="key", Body=b"x" * 1000)
    local.stop(tmp_path)
    kept = json.loads(retrain(tmp_path, "status", "--json").output)["kept"]
    assert (kept["items"]["s3-buckets"], kept["items"]["s3-keys"]) == (1, 1)
    assert kept["bytes"] > 1000
    assert "1 buckets, 1 keys, 0 executions, 0 jobs" in retrain(tmp_path, "status").output


def test_what_cannot_be_read_is_told_at_the_start_and_by_status(
    tmp_path: Path, background: Connection
) -> None:
    background.client("sqs").create_queue(QueueName="unread")
    background.client("s3").create_bucket(Bucket="read")
    local.stop(tmp_path)
    with sqlite3.connect(data_folder(tmp_path) / "state.sqlite") as state:
        state.execute("UPDATE items SET value = x'80' WHERE part = 'moto' AND item = 'sqs'")
        state.execute("INSERT INTO not_kept VALUES ('moto', 'dax', 'TypeError: a generator')")
    (data_folder(tmp_path) / "dead-letters.jsonl").write_text("{}\n{}\n")
    told = (retrain(tmp_path, "start").output, retrain(tmp_path, "status").output)
    for output in told:
        assert "Set aside, because this version cannot read it: moto sqs (Unreadable" in output
        assert "Not kept, it ends with the server: moto dax (TypeError: a generator)" in output
        assert "2 events were given up" in output
    kept = json.loads(retrain(tmp_path, "status", "--json").output)["kept"]
    assert [each["item"] for each in kept["set_aside"]] == ["sqs"]
    assert (kept["items"]["s3-buckets"], kept["dead_letters"]) == (1, 2)


def test_what_was_there_before_a_stop_is_there_after_it_and_not_after_a_reset(
    tmp_path: Path, background: Connection
) -> None:
    background.client("s3").create_bucket(Bucket="kept")
    local.stop(tmp_path)
    again, _ = local.start(tmp_path)
    assert [each["Name"] for each in again.client("s3").list_buckets()["Buckets"]] == ["kept"]
    local.stop(tmp_path)
    assert local.reset(tmp_path)
    fresh, _ = local.start(tmp_path)
    assert fresh.client("s3").list_buckets()["Buckets"] == []


def test_one_that_was_killed_is_not_taken_for_running(
    tmp_path: Path, background: Connection
) -> None:
    os.kill(background.pid, signal.SIGKILL)
    eventually(lambda: local.status(tmp_path)["running"] is False)
    again, new = local.start(tmp_path)
    assert new
    assert again.client("sts").get_caller_identity()["Account"] == "123456789012"
