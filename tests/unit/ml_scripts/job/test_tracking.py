"""Tracking: what MLflow holds of a run, and that no training minds how MLflow fares."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from mlflow import MlflowClient

from fitting import checkpoints, history
from job.tracking import artifact_folder, tracked

PATIENT = 120.0
ROW = dict.fromkeys(history.FIELDS, 0.5)


class Store:
    """A SQLite store and the environment of a job that writes to it."""

    def __init__(self, folder: Path) -> None:
        self.uri = f"sqlite:///{folder}/mlflow.db"
        self.client = MlflowClient(self.uri)

    def environment(self, run_id: str) -> dict[str, str]:
        return {
            "MLFLOW_TRACKING_URI": self.uri,
            "MLFLOW_EXPERIMENT_NAME": "retrain",
            "RETRAIN_RUN_ID": run_id,
            "RETRAIN_DATASET": "digits",
        }

    def run(self, run_id: str) -> Any:
        """The one run of that id."""
        experiment = self.client.get_experiment_by_name("retrain")
        query = f"tags.run_id = '{run_id}'"
        (run,) = self.client.search_runs([experiment.experiment_id], query)
        return run

    def steps(self, run_id: str) -> list[int]:
        history = self.client.get_metric_history(self.run(run_id).info.run_id, "loss")
        return [metric.step for metric in history]


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    return Store(tmp_path_factory.mktemp("mlflow"))


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def silent_server() -> Iterator[str]:
    """The URI of a server that takes connections and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def command(ml_scripts: Path, trained: SimpleNamespace) -> list[str]:
    return [sys.executable, str(ml_scripts / "main.py"), *trained.arguments]


def train(base, trained, ml_scripts, script_environment, **variables):
    result = subprocess.run(
        command(ml_scripts, trained),
        env=script_environment(base) | variables,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


def weights(base):
    return [array.tobytes() for array in checkpoints.newest(base / "checkpoints").model]


@pytest.mark.slow
def test_a_resumed_training_tells_every_epoch_once(
    store, trained, training_base, ml_scripts, script_environment
):
    base, variables = training_base(), store.environment("resumed")
    with subprocess.Popen(
        command(ml_scripts, trained),
        env=script_environment(base) | variables,
        stdout=subprocess.PIPE,
        text=True,
    ) as killed:
        assert killed.stdout is not None
        next(line for line in killed.stdout if line.startswith("epoch=3/"))
        killed.kill()
    assert train(base, trained, ml_scripts, script_environment, **variables)[0].startswith(
        "resuming"
    )
    assert store.steps("resumed") == [1, 2, 3, 4]
    assert weights(base) == weights(trained.base)
    run = store.run("resumed")
    assert run.data.tags["dataset"] == "digits"
    assert run.data.metrics["val_accuracy"] == pytest.approx(
        history.read(base / "model")[-1]["val_accuracy"]
    )


@pytest.mark.slow
def test_a_server_that_is_not_there_changes_nothing_but_one_line(
    trained, training_base, ml_scripts, script_environment
):
    base = training_base()
    with socket.socket() as taken:  # bound and not listening: every connection is refused
        taken.bind(("127.0.0.1", 0))
        uri = f"http://127.0.0.1:{taken.getsockname()[1]}"
        lines = train(
            base,
            trained,
            ml_scripts,
            script_environment,
            MLFLOW_TRACKING_URI=uri,
            MLFLOW_EXPERIMENT_NAME="retrain",
            RETRAIN_RUN_ID="lost",
        )
    (warning,) = [line for line in lines if not line.startswith("epoch=")]
    assert warning.startswith("warning: tracking is off: ")
    assert len(lines) == 5
    assert weights(base) == weights(trained.base)


def test_a_server_that_never_answers_is_not_waited_for(silent_server, said):
    environment = {"MLFLOW_TRACKING_URI": silent_server, "MLFLOW_EXPERIMENT_NAME": "retrain"}
    with tracked(
        environment | {"RETRAIN_RUN_ID": "x"}, say=said.append, closing_seconds=0.1
    ) as tracking:
        tracking.epoch(ROW)
    assert said == ["warning: tracking is off: MLflow took more than 0.1 s"]


def test_what_cannot_be_installed_is_one_line(monkeypatch, said):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    uri = "arn:aws:sagemaker:us-east-1:123456789012:mlflow-tracking-server/ours"
    with tracked({"MLFLOW_TRACKING_URI": uri}, say=said.append, closing_seconds=PATIENT):
        pass
    (line,) = said
    assert "pip could not install requirements-tracking.txt" in line


def test_nothing_is_tracked_without_a_uri(said):
    with tracked({}, say=said.append) as tracking:
        tracking.parameters({"epochs": 1})
        tracking.epoch(ROW)
    assert said == []


def test_evaluation_ends_the_run_that_training_began(store, tmp_path, said):
    environment = store.environment("whole")
    with tracked(environment, say=said.append, closing_seconds=PATIENT) as tracking:
        tracking.parameters({"epochs": 1, "learning_rate": 0.1})
        tracking.epoch({**ROW, "epoch": 1})
    assert store.run("whole").info.status == "RUNNING"
    block = {"accuracy": {"value": 0.9, "standard_deviation": 0.1}, "confusion_matrix": {"0": {}}}
    text = json.dumps({"multiclass_classification_metrics": block})
    (tmp_path / "evaluation.json").write_text(text)
    (tmp_path / "report.html").write_text("<html>")
    environment["RETRAIN_MODEL_URI"] = "s3://bucket/model.tar.gz"
    with tracked(environment, ends_run=True, say=said.append, closing_seconds=PATIENT) as tracking:
        tracking.evaluation(tmp_path)
    run = store.run("whole")
    assert said == []
    assert run.info.status == "FINISHED"
    assert run.data.params == {"epochs": "1", "learning_rate": "0.1"}
    assert run.data.metrics["test_accuracy"] == 0.9
    assert run.data.tags["model_uri"] == "s3://bucket/model.tar.gz"
    artifacts = {file.path for file in store.client.list_artifacts(run.info.run_id)}
    assert artifacts == {"evaluation.json", "report.html"}


def test_a_job_that_fails_leaves_its_run_failed_until_a_retry(store, said):
    environment = store.environment("retried")
    with (
        pytest.raises(RuntimeError),
        tracked(environment, say=said.append, closing_seconds=PATIENT),
    ):
        raise RuntimeError
    assert store.run("retried").info.status == "FAILED"
    with tracked(environment, say=said.append, closing_seconds=PATIENT):
        pass
    assert (store.run("retried").info.status, said) == ("RUNNING", [])


def test_what_mlflow_refuses_is_one_line(store, said):
    with tracked(
        store.environment("refused"), say=said.append, closing_seconds=PATIENT
    ) as tracking:
        tracking.parameters({"epochs": 1})
        tracking.parameters({"epochs": 2})
        tracking.parameters({"epochs": 3})
    (line,) = said
    assert line.startswith("warning: tracking is off: ")
    assert len(line) < 400


@pytest.mark.parametrize(
    ("uri", "folder"),
    [("sqlite:////a/b/mlflow.db", "/a/b/mlflow"), ("https://host", None)],
)
def test_artifacts_lie_beside_a_sqlite_file(uri, folder):
    assert artifact_folder(uri) == folder
