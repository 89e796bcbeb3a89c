"""`retrain console` as a user runs it: on loopback until Ctrl-C, or a word on what is missing."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local_aws.client import EmbeddedAws
from tests.support.paths import PROJECT

RETRAIN = str(Path(sys.prefix, "bin", "retrain"))
CONFIG = ("--config", str(PROJECT / "pipeline.toml"))


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def nowhere(tmp_path: Path) -> dict[str, str]:
    """An environment that names no AWS at all."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    ours.pop("PYTEST_CURRENT_TEST", None)  # by which NiceGUI would know us
    none = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_EC2_METADATA_DISABLED": "true"}
    shared = {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials")}
    return ours | none | shared | {"PYTHONPATH": str(PROJECT)}


@pytest.fixture
def command(
    embedded_aws: EmbeddedAws, nowhere: dict[str, str], port: int, tmp_path: Path
) -> Iterator["subprocess.Popen[str]"]:
    like_a_terminal = ["env", "--default-signal=INT"]
    with subprocess.Popen(
        [*like_a_terminal, RETRAIN, "console", "--port", str(port), *CONFIG],
        cwd=tmp_path,
        env=nowhere | embedded_aws.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process
        process.kill()


def test_it_is_there_on_loopback_until_ctrl_c(port: int, command: "subprocess.Popen[str]") -> None:
    assert command.stdout is not None
    said = next(line for line in command.stdout if "http" in line)
    address = re.search(r"http://127\.0\.0\.1:\d+", said)
    assert address is not None
    assert address[0] == f"http://127.0.0.1:{port}"
    assert b"retrain" in urllib.request.urlopen(address[0]).read()

    from_elsewhere = urllib.request.Request(address[0], headers={"Host": "evil.example"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(from_elsewhere)
    assert refused.value.code == 403

    children = psutil.Process(command.pid).children(recursive=True)
    sockets = [found for child in children for found in child.net_connections()]
    assert {found.laddr.ip for found in sockets} == {"127.0.0.1"}

    command.send_signal(signal.SIGINT)
    command.communicate(timeout=60)
    assert command.returncode == 0
    assert psutil.wait_procs(children, timeout=60)[1] == []


def ended(environment: dict[str, str], *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [RETRAIN, "console", *CONFIG, *options],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("given", [{}, {"AWS_DEFAULT_REGION": "us-east-1"}])
def test_without_an_aws_it_says_how_to_name_one(
    nowhere: dict[str, str], given: dict[str, str], port: int
) -> None:
    said = ended(nowhere | given, "--port", str(port))
    assert said.returncode == 1
    assert 'eval "$(retrain local env)"' in said.stderr
    assert "profile" in said.stderr.lower()
    assert "Traceback" not in said.stderr


def test_a_profile_that_is_not_there_is_named(nowhere: dict[str, str], port: int) -> None:
    said = ended(nowhere | {"AWS_PROFILE": "not-there"}, "--port", str(port))
    assert said.returncode == 1
    assert "profile (not-there)" in said.stderr
    assert "correct AWS_PROFILE, or unset it" in said.stderr
    assert "Traceback" not in said.stderr


def test_an_endpoint_where_nothing_answers_is_named(nowhere: dict[str, str], port: int) -> None:
    given = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_DEFAULT_REGION": "us-east-1"}
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_MAX_ATTEMPTS": "1"}
    said = ended(nowhere | given | keys, "--port", str(port))
    assert said.returncode == 1
    assert f"127.0.0.1:{port}" in said.stderr


def test_a_port_that_is_taken_is_named(nowhere: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = ended(nowhere, "--port", str(port))
    assert said.returncode == 1
    assert f"retrain console --port {port + 1}" in said.stderr
