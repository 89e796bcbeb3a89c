"""The real training on two hosts, with TensorFlow on scikit-learn's digits, against that on one."""

import io
import os
import re
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from operations.data_sets import digits
from state_machine import config
from tests.faults.containers import kill_script
from tests.faults.leaks import job_processes
from tests.functional.sagemaker_requests import Account, channel, training, unique, unpacked
from tests.support.paths import PROJECT
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

SCRIPTS = PROJECT / "ml_scripts"
FIRST, SECOND = "algo-1", "algo-2"
EPOCHS = 8
HYPERPARAMETERS = config.load(PROJECT / "pipeline.toml").training.hyperparameters | {
    "epochs": EPOCHS,
    "batch-size": 32,
    "precision": "float32",  # in bfloat16 one and two hosts differ in the third digit
}
SECONDS = 240
LATER = 0.01  # how far losses may be apart after the first epoch, whose own is about 1
# Validation goes by the moving averages of batch normalization, young as they are: 0.027 apart in
# the second epoch on a processor without AMX, on which a sum of two hosts differs in its last bits.
OF_VALIDATION = 0.05
# main.py, and then a line on what this host has written.
TELLING = """
import os, pathlib, sys
import main
from job import container
code = container.run(main.main, "failure")
base = container.base_directory()
for folder in ("model", "output/data"):
    print("wrote", folder, sorted(os.listdir(base / folder)), flush=True)
sys.exit(code)
"""
_EPOCH = re.compile(r"^epoch=(\d+)/\d+; loss=([\d.]+);.* val_loss=([\d.]+);", re.MULTILINE)
_RESUMED = re.compile(r"^resuming after epoch (\d+)$", re.MULTILINE)


@dataclass
class Trainings:
    """Training jobs of the real scripts on the same channels."""

    account: Account
    channels: list[dict[str, Any]]
    code: str

    def create(self, hosts: int, checkpoints: str, program: str = "main.py") -> str:
        """Create a job with the estimator's hyperparameters; return its name."""
        name = unique("digits")
        request = training(
            name,
            self.account.uri("models"),
            InputDataConfig=self.channels,
            CheckpointConfig={"S3Uri": self.account.uri(checkpoints)},
            HyperParameters={
                **{name: str(value) for name, value in HYPERPARAMETERS.items()},
                "sagemaker_program": f'"{program}"',
                "sagemaker_submit_directory": f'"{self.code}"',
                "sagemaker_multi_worker_mirrored_strategy_enabled": "true",
            },
        )
        request["ResourceConfig"]["InstanceCount"] = hosts
        self.account.sagemaker.create_training_job(**request)
        return name

    def ended(self, name: str) -> Any:
        """Wait for the job's end; return its description."""

        return eventually(lambda: self.has_ended(name), timeout=SECONDS)

    def has_ended(self, name: str) -> Any:
        """Return the description of a job that has ended, False of one that runs."""
        job = self.account.sagemaker.describe_training_job(TrainingJobName=name)
        return job["TrainingJobStatus"] not in ("InProgress", "Stopping") and job

    def losses(self, name: str, host: str = "") -> dict[int, tuple[float, float]]:
        """Return the loss and the validation loss of each epoch that the host's log tells of."""
        told = _EPOCH.findall(self.account.job_log(name, host))
        return {int(epoch): (float(loss), float(val_loss)) for epoch, loss, val_loss in told}


@pytest.fixture(scope="module")
def trainings(embedded_aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Trainings:
    account = Account(embedded_aws)
    base = tmp_path_factory.mktemp("digits")
    digits.write(base / "processing/source_data")
    subprocess.run(
        [sys.executable, SCRIPTS / "preprocessing.py", "--validation-fraction", "0.2"],
        env={"PATH": os.environ["PATH"], "SAGEMAKER_BASE_DIR": str(base)},
        check=True,
    )
    for file in base.glob("processing/*/*/*.npy"):
        account.put(f"data/{file.relative_to(base / 'processing')}", file.read_bytes())
    channels = [channel(name, account.uri(f"data/{name}/")) for name in ("train", "validation")]
    return Trainings(account, channels, account.put("code/sourcedir.tar.gz", _packed_scripts()))


def _packed_scripts() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for script in SCRIPTS.rglob("*.py"):
            tar.add(script, str(script.relative_to(SCRIPTS)))
        telling = tarfile.TarInfo("telling.py")
        telling.size = len(TELLING)
        tar.addfile(telling, io.BytesIO(TELLING.encode()))
    return packed.getvalue()


@pytest.fixture(scope="module")
def killed(trainings: Trainings) -> str:
    """The name of a job of two hosts, the second of which was killed after an epoch."""
    name = trainings.create(hosts=2, checkpoints="shared")
    # The chief tells of an epoch when its checkpoint is written.
    eventually(lambda: trainings.losses(name, FIRST) or trainings.has_ended(name), timeout=SECONDS)
    assert trainings.losses(name, FIRST), trainings.account.job_log(name, FIRST)
    kill_script(trainings.account, f"{name}/{SECOND}", "main.py")
    trainings.ended(name)
    return name


@pytest.fixture(scope="module")
def resumed(trainings: Trainings, killed: str) -> str:
    """The name of the job that took the killed one's place."""
    name = trainings.create(hosts=2, checkpoints="shared", program="telling.py")
    trainings.ended(name)
    return name


@pytest.fixture(scope="module")
def alone(trainings: Trainings) -> dict[int, tuple[float, float]]:
    """The losses of the same training on one host."""
    name = trainings.create(hosts=1, checkpoints="alone")
    job, log = trainings.ended(name), trainings.account.job_log(name)
    assert job["TrainingJobStatus"] == "Completed", log
    return trainings.losses(name)


def test_a_host_that_is_killed_fails_the_training(trainings: Trainings, killed: str) -> None:
    job = trainings.ended(killed)
    folder = trainings.account.aws.data_folder / "jobs" / killed

    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: ")
    assert "ModelArtifacts" not in job
    assert len(trainings.losses(killed, SECOND)) < EPOCHS
    assert job_processes(folder) == []


def test_only_the_chief_writes_checkpoints(trainings: Trainings, killed: str) -> None:
    folder = trainings.account.aws.data_folder / "jobs" / killed
    written = {
        host: list((folder / host / "opt/ml/checkpoints").glob("*")) for host in (FIRST, SECOND)
    }

    assert written[FIRST]
    assert written[SECOND] == []


def test_two_hosts_follow_the_loss_of_one(
    trainings: Trainings, killed: str, alone: dict[int, tuple[float, float]]
) -> None:
    for host in (FIRST, SECOND):
        losses = trainings.losses(killed, host)
        assert losses[1][0] == pytest.approx(alone[1][0], abs=1e-4)
        assert_follows(losses, alone)


def assert_follows(
    losses: dict[int, tuple[float, float]], alone: dict[int, tuple[float, float]]
) -> None:
    """Sums in another order differ in their last bits, and every step makes more of it."""
    for epoch, (loss, of_validation) in losses.items():
        assert loss == pytest.approx(alone[epoch][0], abs=LATER)
        assert of_validation == pytest.approx(alone[epoch][1], abs=OF_VALIDATION)


def test_the_next_job_resumes_from_the_checkpoint_on_both_hosts(
    trainings: Trainings, resumed: str, alone: dict[int, tuple[float, float]]
) -> None:
    logs = {host: trainings.account.job_log(resumed, host) for host in (FIRST, SECOND)}
    assert trainings.ended(resumed)["TrainingJobStatus"] == "Completed", logs
    [found] = {int(_RESUMED.findall(log)[0]) for log in logs.values()}

    for host in logs:
        losses = trainings.losses(resumed, host)
        assert list(losses) == list(range(found + 1, EPOCHS + 1))
        assert_follows(losses, alone)


def test_only_the_chief_writes_the_model(trainings: Trainings, resumed: str) -> None:
    wrote = {
        host: re.findall(r"^wrote .*", trainings.account.job_log(resumed, host), re.MULTILINE)
        for host in (FIRST, SECOND)
    }
    key = f"models/{resumed}/output/model.tar.gz"

    assert wrote[FIRST] == [
        "wrote model ['1', 'best_checkpoint.keras', 'history.csv']",
        "wrote output/data ['history.csv', 'model.sha256']",
    ]
    assert wrote[SECOND] == ["wrote model []", "wrote output/data []"]
    assert "best_checkpoint.keras" in unpacked(trainings.account.get(key))
