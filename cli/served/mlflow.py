"""The MLflow of the embedded default: a SQLite file and a folder in .retrain/mlflow, and its UI."""

import sys
from pathlib import Path

from cli.served.site import HOST, Site, check_free
from cli.served.site import serve as serve_site
from cli.shown.terminal import Terminal
from operations.errors import InputError
from state_machine.artifacts.work_folder import NAME
from state_machine.config import PipelineConfig

# Nothing of MLflow's own reaches for a network, and no job runners start that nobody asked for.
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


def store(project: Path) -> Path:
    """The SQLite file; the artifacts lie beside it, in the folder of its name."""
    return project.resolve() / NAME / "mlflow" / "mlflow.db"


def with_local_store(config: PipelineConfig, project: Path) -> PipelineConfig:
    """`config` with the local store as tracking URI, unless it names one of its own."""
    if config.tracking.mlflow_tracking_uri:
        return config
    uri = f"sqlite:///{store(project)}"
    tracking = config.tracking.model_copy(update={"mlflow_tracking_uri": uri})
    return config.model_copy(update={"tracking": tracking})


def serve(project: Path, port: int, terminal: Terminal) -> None:
    """Run MLflow's UI on the local store until Ctrl-C.

    Raises:
        InputError: no run was tracked yet, the port is taken, or MLflow does not start.
    """
    file = store(project)
    if not file.exists():
        raise InputError(f"No run is tracked in {file}", "run one: retrain demo --sample")
    check_free(port, "retrain mlflow")
    site = Site(
        name="MLflow",
        command=_command(file, port),
        port=port,
        ready="/health",
        log=file.with_suffix(".log"),
        folder=file.parent,
        environment=QUIET,
    )
    serve_site(site, terminal)


def _command(file: Path, port: int) -> list[str]:
    artifacts = str(file.with_suffix(""))
    return [
        *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
        *("--host", HOST, "--port", str(port)),
        *("--backend-store-uri", f"sqlite:///{file}", "--artifacts-destination", artifacts),
    ]
