"""The embedded AWS as the command line starts and stops it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

from cli.errors import LocalAwsError
from cli.local import data_folder, embedded_aws, serve
from tests.unit.cli.fakes import PlainTerminal

PROJECT = Path(__file__).parents[3]


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

    def interrupted(_seconds: float) -> None:
        raise KeyboardInterrupt

    serve(Aws(), terminal, interrupted)  # type: ignore[arg-type]
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:4" in terminal.lines()


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
