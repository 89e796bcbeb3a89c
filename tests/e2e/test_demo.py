"""`retrain demo --sample` as a user runs it: a process of its own, in a copy of the project."""

import json
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest
from mlflow import MlflowClient

from tests.support.paths import PROJECT
from tests.support.waiting import eventually

SHIPPED = ("app.py", "pipeline.toml", "requirements.txt", "lambdas", "ml_scripts", ".chalice")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with what a deployment reads, so that the user's own .retrain/ is left alone."""
    for name in SHIPPED:
        copy = shutil.copytree if (PROJECT / name).is_dir() else shutil.copyfile
        copy(PROJECT / name, tmp_path / name)
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "lambdas").symlink_to("../lambdas")
    wheels = PROJECT / ".retrain" / "wheels"
    if wheels.exists():  # what an earlier deployment downloaded
        shutil.copytree(wheels, tmp_path / ".retrain" / "wheels")
    return tmp_path


def start(project: Path, *options: str) -> "subprocess.Popen[str]":
    # A shell's background job, such as CI's, ignores SIGINT, and its children inherit that.
    # NiceGUI takes whoever knows of a current test for one.
    like_a_terminal = ["env", "--default-signal=INT", "--unset=PYTEST_CURRENT_TEST"]
    retrain = str(Path(sys.prefix, "bin", "retrain"))
    return subprocess.Popen(
        [*like_a_terminal, retrain, "demo", "--sample", *options],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def processes_of(project: Path) -> list[list[str]]:
    """The command lines of all processes that work in the project or name it."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        words = [process.info["cwd"] or "", *(process.info["cmdline"] or [])]
        if any(str(project) in word for word in words):
            found.append(words)
    return found


def ran(project: Path) -> tuple[dict[str, Any], str]:
    """Let it run to its good end; return what it keeps of the run, and what it printed."""
    process = start(project)
    output, _ = process.communicate(timeout=800)
    assert process.returncode == 0, output
    last_run: dict[str, Any] = json.loads((project / ".retrain" / "last-run.json").read_text())
    return last_run, output


def test_the_sample_ends_registered_and_leaves_no_process(project: Path) -> None:
    last_run, output = ran(project)

    assert last_run["status"] == "SUCCEEDED"
    assert last_run["decision"] == "register"
    assert last_run["approval_status"] == "PendingManualApproval"
    assert last_run["model_package_arn"] in output
    assert last_run["metrics"]["accuracy"] > 0.9
    assert last_run["metrics"]["loss"] < 0.6
    assert [step["name"] for step in last_run["steps"]] == [
        "TakeTurn",
        "PrepareRun",
        "Preprocess",
        "Train",
        "Evaluate",
        "CheckMetrics",
        "RegisterModel",
    ]
    assert "epoch 6/6" in output
    run_folder = project / ".retrain" / "runs" / last_run["run_id"]
    page = (run_folder / "report.html").read_text(encoding="utf-8")
    for part in ("Passed the gate", "Confusion matrix", "Most confident mistakes", "Lineage"):
        assert f"{part}</h2>" in page
    # On the embedded AWS as well: what the run would have cost.
    assert 0 < last_run["cost"]["estimate"] < 1
    assert {job["instance_type"] for job in last_run["cost"]["jobs"]} == {
        "ml.m5.xlarge",
        "ml.m5.2xlarge",
    }
    assert json.loads((run_folder / "decision.json").read_text())["decision"] == "register"
    assert_tracked(project, last_run)
    assert processes_of(project) == []


@pytest.mark.slow
def test_what_is_kept_of_the_sample_is_not_computed_again(project: Path) -> None:
    before, _ = ran(project)
    last_run, output = ran(project)

    assert last_run["run_id"] != before["run_id"]
    assert last_run["reused"] == {"Preprocess": before["run_id"], "Train": before["run_id"]}
    assert f"Train of run {before['run_id']}" in output
    assert not {"Preprocess", "Train"} & {step["name"] for step in last_run["steps"]}
    assert last_run["model"] == before["model"]
    assert last_run["metrics"] == before["metrics"]
    assert last_run["decision"] == "register"


def assert_tracked(project: Path, last_run: dict[str, Any]) -> None:
    """The run has its MLflow run: every epoch, what was set, what came out."""
    client = MlflowClient(f"sqlite:///{project}/.retrain/mlflow/mlflow.db")
    experiment = client.get_experiment_by_name("retrain")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"
    assert run.data.params["epochs"] == "6"
    assert run.data.params["batch_size"] == "16"
    for metric in ("loss", "accuracy", "val_loss", "val_accuracy"):
        history = client.get_metric_history(run.info.run_id, metric)
        assert [point.step for point in history] == [1, 2, 3, 4, 5, 6]
    assert run.data.metrics["test_accuracy"] == pytest.approx(last_run["metrics"]["accuracy"])
    tags = run.data.tags
    assert tags["run_id"] == last_run["run_id"]
    assert tags["dataset"] == "digits"
    assert tags["model_uri"] == last_run["model"]
    assert re.fullmatch("[0-9a-f]{64}", tags["code_sha256"])
    assert len(tags["dataset_fingerprint"]) > 10
    artifacts = {artifact.path for artifact in client.list_artifacts(run.info.run_id)}
    assert artifacts == {"evaluation.json", "report.html"}
    assert run.info.artifact_uri.startswith(f"{project}/.retrain/mlflow/")


def test_ctrl_c_while_training_stops_everything_and_the_console(project: Path) -> None:
    process = start(project, "--console")
    assert process.stdout is not None
    address = ""
    for line in process.stdout:
        found = re.search(r"Console at (http://127\.0\.0\.1:\d+)", line)
        address = found[1] if found else address
        if "Train running" in line:
            break
    assert b"Executions" in urllib.request.urlopen(address).read()
    assert any("train" in " ".join(words) for words in processes_of(project))

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)

    assert process.returncode == 130
    last_run = json.loads((project / ".retrain" / "last-run.json").read_text())
    assert last_run["status"] == "ABORTED"
    eventually(lambda: processes_of(project) == [])
