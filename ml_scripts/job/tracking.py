"""MLflow's record of a run, where MLFLOW_TRACKING_URI is set: docs/tracking.md.

Train and Evaluate of one pipeline run, with their retries and redrives, write to one MLflow run,
found by its tag `run_id`. A thread of its own does the work: the job hands over what it has and
waits at its end only, and not for long. Whatever goes wrong with tracking is one line in the log,
and then tracking is off for the job: training never fails because of it.
"""

import importlib
import json
import logging
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from job.container import one_line

URI = "MLFLOW_TRACKING_URI"
REQUIREMENTS = Path(__file__).parents[1] / "requirements-tracking.txt"
INSTALLING_SECONDS = 120
CLOSING_SECONDS = 30.0  # how long a job waits at its end for what it has handed over
SQLITE = "sqlite:///"

# MLflow's own patience is minutes of retries. The job's environment may say otherwise.
SETTINGS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
TAGS = {
    "run_id": "RETRAIN_RUN_ID",
    "dataset": "RETRAIN_DATASET",
    "dataset_fingerprint": "RETRAIN_FINGERPRINT",
    "code_sha256": "RETRAIN_CODE_SHA256",
    "model_uri": "RETRAIN_MODEL_URI",
}
ARTIFACTS = ("evaluation.json", "report.html")


@contextmanager
def tracked(
    environment: Mapping[str, str],
    *,
    ends_run: bool = False,
    say: Callable[[str], None] = print,
    closing_seconds: float = CLOSING_SECONDS,
) -> Iterator["Tracking"]:
    """Track a job while the block runs; a block that raises leaves its MLflow run FAILED.

    Args:
        environment: the job's; without MLFLOW_TRACKING_URI nothing is tracked.
        ends_run: whether the MLflow run is FINISHED when the block is.
        say: told the one line of what went wrong.
        closing_seconds: how long to wait for MLflow at the end of the block.
    """
    tracking = Tracking(environment, say)
    try:
        yield tracking
    except BaseException:
        tracking.close("FAILED", closing_seconds)
        raise
    tracking.close("FINISHED" if ends_run else None, closing_seconds)


class Tracking:
    """Takes what a job has to record, at once and without ever raising."""

    def __init__(self, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
        self._say = say
        self._handed_over: queue.SimpleQueue[Callable[[Record], None] | None] = queue.SimpleQueue()
        self._silent = threading.Event()
        self._thread: threading.Thread | None = None
        if environment.get(URI):
            self._thread = threading.Thread(target=self._work, args=(environment,), daemon=True)
            self._thread.start()

    def parameters(self, values: Mapping[str, object]) -> None:
        """Record the hyperparameters."""
        self._handed_over.put(lambda record: record.parameters(values))

    def epoch(self, row: Mapping[str, float]) -> None:
        """Record an epoch's metrics, unless the run has them: a resumed training tells again."""
        self._handed_over.put(lambda record: record.epoch(row))

    def evaluation(self, folder: Path) -> None:
        """Record the metrics and the files of an evaluation."""
        self._handed_over.put(lambda record: record.evaluation(folder))

    def close(self, status: str | None, seconds: float) -> None:
        """Give the run its status and wait for MLflow, at most so many seconds."""
        if self._thread is None:
            return
        if status is not None:
            self._handed_over.put(lambda record: record.end(status))
        self._handed_over.put(None)
        self._thread.join(seconds)
        if self._thread.is_alive() and not self._silent.is_set():
            self._silent.set()
            self._say(f"warning: tracking is off: MLflow took more than {seconds:g} s")

    def _work(self, environment: Mapping[str, str]) -> None:
        try:
            record = Record(environment)
            for write in iter(self._handed_over.get, None):
                write(record)
        except BaseException as error:  # MLflow's plugins raise what they like, SystemExit too
            if not self._silent.is_set():
                self._silent.set()
                text = one_line(f"{type(error).__name__}: {error}")
                self._say(f"warning: tracking is off: {text[:300]}")


class Record:
    """The MLflow run of a pipeline run."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        uri = environment[URI]
        _make_importable(uri)
        for name, value in SETTINGS.items():
            os.environ.setdefault(name, value)
        for noisy in ("mlflow", "alembic", "urllib3"):
            logging.getLogger(noisy).setLevel(logging.ERROR)

        from mlflow import MlflowClient  # noqa: PLC0415 - only where tracking is on

        self._client = MlflowClient(uri)
        self._run_id = self._find_or_create(environment)
        history = self._client.get_metric_history(self._run_id, "loss")
        self._epochs = {metric.step for metric in history}

    def parameters(self, values: Mapping[str, object]) -> None:
        """Log the hyperparameters; MLflow takes the same values again, and no others."""
        for name, value in values.items():
            self._client.log_param(self._run_id, name, value)

    def epoch(self, row: Mapping[str, float]) -> None:
        """Log a row of the history at its epoch as step."""
        step = int(row["epoch"])
        if step not in self._epochs:
            self._epochs.add(step)
            self._log({name: row[name] for name in row if name != "epoch"}, step)

    def evaluation(self, folder: Path) -> None:
        """Log the metrics as test_<name>, then evaluation.json and report.html."""
        evaluation = json.loads((folder / ARTIFACTS[0]).read_text(encoding="utf-8"))
        block = evaluation["multiclass_classification_metrics"]
        self._log({f"test_{name}": m["value"] for name, m in block.items() if "value" in m})
        for name in ARTIFACTS:
            self._client.log_artifact(self._run_id, str(folder / name))

    def end(self, status: str) -> None:
        """Give the run its status."""
        self._client.set_terminated(self._run_id, status)

    def _find_or_create(self, environment: Mapping[str, str]) -> str:
        tags = {tag: environment[name] for tag, name in TAGS.items() if environment.get(name)}
        experiment = self._experiment(environment)
        query = f"tags.run_id = '{tags['run_id']}'"
        found: Sequence = self._client.search_runs([experiment], query, max_results=1)
        if not found:
            created = self._client.create_run(experiment, tags=tags, run_name=tags["run_id"])
            return created.info.run_id
        run_id = found[0].info.run_id
        self._client.update_run(run_id, status="RUNNING")
        for tag, value in tags.items():
            self._client.set_tag(run_id, tag, value)
        return run_id

    def _experiment(self, environment: Mapping[str, str]) -> str:
        from mlflow.exceptions import MlflowException  # noqa: PLC0415

        name = environment["MLFLOW_EXPERIMENT_NAME"]
        if found := self._client.get_experiment_by_name(name):
            return found.experiment_id
        try:
            return self._client.create_experiment(name, artifact_folder(environment[URI]))
        except MlflowException:
            found = self._client.get_experiment_by_name(name)
            if found is None:  # else a run beside this one was quicker
                raise
            return found.experiment_id

    def _log(self, values: Mapping[str, float], step: int = 0) -> None:
        from mlflow.entities import Metric  # noqa: PLC0415

        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, step) for name, value in values.items()]
        self._client.log_batch(self._run_id, metrics=metrics)


def artifact_folder(uri: str) -> str | None:
    """Return where artifacts go: beside a SQLite file, and where a server says (None)."""
    return str(Path(uri.removeprefix(SQLITE)).with_suffix("")) if uri.startswith(SQLITE) else None


def _make_importable(uri: str) -> None:
    """Install what is not there into a folder behind all others on the path.

    Not beside the image's packages: another version of one of them, put there while TensorFlow
    runs, could end the training.
    """
    needed = ("mlflow", "sagemaker_mlflow") if uri.startswith("arn:") else ("mlflow",)
    if all(find_spec(name) for name in needed):
        return
    folder = tempfile.mkdtemp(prefix="tracking-")
    # pip takes no target beside a prefix.
    environment = {name: value for name, value in os.environ.items() if name != "PIP_PREFIX"}
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    installed = subprocess.run(
        [*command, "--target", folder, "-r", str(REQUIREMENTS)],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=INSTALLING_SECONDS,
        check=False,
    )
    if installed.returncode != 0:
        ended = f"pip ended with code {installed.returncode}"  # -N if signal N killed it
        last = (installed.stderr.strip().splitlines() or [ended])[-1]
        raise ModuleNotFoundError(f"pip could not install {REQUIREMENTS.name}: {last}")
    sys.path.append(folder)
    importlib.invalidate_caches()
