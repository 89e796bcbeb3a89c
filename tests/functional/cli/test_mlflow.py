"""`retrain mlflow` as a user runs it, on a store that a run has left."""

import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from mlflow import MlflowClient

from cli.served.mlflow import store, with_local_store
from state_machine import config
from tests.support.paths import PROJECT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project's folder with one tracked run and its artifact."""
    file = store(tmp_path)
    file.parent.mkdir(parents=True)
    client = MlflowClient(f"sqlite:///{file}")
    experiment = client.create_experiment("retrain", str(file.with_suffix("")))
    run = client.create_run(experiment, run_name="digits-1")
    client.log_text(run.info.run_id, "the report", "report.html")
    return tmp_path


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def command(project: Path, port: int) -> Iterator["subprocess.Popen[str]"]:
    like_a_terminal = ["env", "--default-signal=INT"]
    with subprocess.Popen(
        [*like_a_terminal, str(Path(sys.prefix, "bin", "retrain")), "mlflow", "--port", str(port)],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process
        process.kill()


def test_it_shows_the_runs_on_loopback_until_ctrl_c(
    project: Path, port: int, command: "subprocess.Popen[str]"
) -> None:
    assert command.stdout is not None
    said = next(line for line in command.stdout if "http" in line)
    address = re.search(r"http://127\.0\.0\.1:\d+", said)
    assert address is not None
    assert address[0] == f"http://127.0.0.1:{port}"

    (run,) = MlflowClient(address[0]).search_runs(["1"])
    assert run.info.run_name == "digits-1"
    page = f"{address[0]}/get-artifact?path=report.html&run_uuid={run.info.run_id}"
    assert urllib.request.urlopen(page).read() == b"the report"

    children = psutil.Process(command.pid).children(recursive=True)
    sockets = [found for child in children for found in child.net_connections()]
    assert sockets
    assert {found.laddr.ip for found in sockets} == {"127.0.0.1"}

    command.send_signal(signal.SIGINT)
    command.communicate(timeout=60)
    assert command.returncode == 0
    assert psutil.wait_procs(children, timeout=60)[1] == []


def test_without_a_run_it_says_how_to_get_one(tmp_path: Path) -> None:
    retrain = str(Path(sys.prefix, "bin", "retrain"))
    ended = subprocess.run(
        [retrain, "mlflow"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "No run is tracked" in ended.stderr
    assert "retrain demo --sample" in ended.stderr


def test_a_tracking_uri_of_ones_own_stays(tmp_path: Path) -> None:
    pipeline = config.load(PROJECT / "pipeline.toml")
    local = with_local_store(pipeline, tmp_path)
    assert local.tracking.mlflow_tracking_uri == f"sqlite:///{tmp_path}/.retrain/mlflow/mlflow.db"
    tracking = pipeline.tracking.model_copy(update={"mlflow_tracking_uri": "https://ours"})
    own = pipeline.model_copy(update={"tracking": tracking})
    assert with_local_store(own, tmp_path) == own
