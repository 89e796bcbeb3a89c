"""The MLflow of the embedded default: a SQLite file and a folder below .retrain/, and its UI."""

import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from cli.errors import InputError
from cli.local import WORK_FOLDER
from cli.terminal import Terminal
from local_aws import processes
from state_machine.config import PipelineConfig

HOST = "127.0.0.1"
STARTING_SECONDS = 60.0
# Nothing of MLflow's own reaches for a network, and no job runners start that nobody asked for.
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


def store(project: Path) -> Path:
    """The SQLite file; the artifacts lie beside it, in the folder of its name."""
    return project.resolve() / WORK_FOLDER / "mlflow.db"


def with_local_store(config: PipelineConfig, project: Path) -> PipelineConfig:
    """`config` with the local store as tracking URI, unless it names one of its own."""
    if config.tracking.mlflow_tracking_uri:
        return config
    uri = f"sqlite:///{store(project)}"
    tracking = config.tracking.model_copy(update={"mlflow_tracking_uri": uri})
    return config.model_copy(update={"tracking": tracking})


def serve(
    project: Path, port: int, terminal: Terminal, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Run MLflow's UI on the local store until Ctrl-C.

    Raises:
        InputError: no run was tracked yet, the port is taken, or MLflow does not start.
    """
    file = store(project)
    if not file.exists():
        raise InputError(f"No run is tracked in {file}", "run one: retrain demo --sample")
    _check_free(port)
    log = file.with_suffix(".log")
    with log.open("wb") as output:
        server = processes.start(
            _command(file, port),
            env={**os.environ, **QUIET},
            cwd=file.parent,
            stdout=output,
        )
    try:
        with terminal.step("MLflow") as step:
            _await(server, port, log, sleep)
            step.title = f"MLflow at http://{HOST}:{port}"
        terminal.line("# Ctrl-C stops it.", style="dim")
        while server.poll() is None:
            sleep(0.2)
    except KeyboardInterrupt:
        terminal.line("Stopping MLflow")
    finally:
        server.kill_group()


def _command(file: Path, port: int) -> list[str]:
    artifacts = str(file.with_suffix(""))
    return [
        *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
        *("--host", HOST, "--port", str(port)),
        *("--backend-store-uri", f"sqlite:///{file}", "--artifacts-destination", artifacts),
    ]


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise InputError(
                f"Port {port} is taken", f"name another one: retrain mlflow --port {port + 1}"
            ) from None


def _await(server: processes.Process, port: int, log: Path, sleep: Callable[[float], None]) -> None:
    deadline = time.monotonic() + STARTING_SECONDS
    # A proxy that the shell names has no business between this process and its own child.
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while server.poll() is None and time.monotonic() < deadline:
        try:
            direct.open(f"http://{HOST}:{port}/health", timeout=5).close()
        except (urllib.error.URLError, OSError):
            sleep(0.2)
        else:
            return
    raise InputError("MLflow does not start", f"see why in {log}")
