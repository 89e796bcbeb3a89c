"""Where the kernel refuses namespaces: jobs run as other processes do, and no output is lost."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.served import embedded_aws as served
from tests.functional.sagemaker_requests import Account, training, unique
from tests.support.machines import refusing_namespaces, without_namespaces
from tests.support.paths import PROJECT

OPTIONS = ("doctor", "--json")


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    with without_namespaces(tmp_path_factory.mktemp("refused")) as aws:
        yield Account(aws)


def test_a_script_that_asks_for_its_folder_runs_on_two_hosts(account: Account) -> None:
    name = unique("asks")
    script = (
        'cd $SAGEMAKER_BASE_DIR; grep -o \'"current_host": "[^"]*\' config/resourceconfig.json '
        "| cut -d '\"' -f 4 | tee processing/out/$RANDOM$RANDOM"
    )
    request = account.processing(name, script, outputs={"out": account.uri(f"{name}/out")})
    request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = 2
    account.sagemaker.create_processing_job(**request)

    assert account.ended_processing(name)["ProcessingJobStatus"] == "Completed"
    written = {account.get(key) for key in account.keys(f"{name}/out")}
    assert written == {b"127.0.0.1\n", b"127.0.0.2\n"}


def test_an_output_that_lies_in_the_machines_opt_ml_fails_the_job(account: Account) -> None:
    name = unique("stray")
    stray = "/opt/ml/processing/out/lost"
    script = f"mkdir -p /opt/ml/processing/out; touch {stray}"
    outputs = {"out": account.uri(f"{name}/out")}
    account.sagemaker.create_processing_job(**account.processing(name, script, outputs=outputs))

    job = account.ended_processing(name)

    assert job["ProcessingJobStatus"] == "Failed"
    said = f"ClientError: /opt/ml/processing/out is empty, and {stray} was written on the machine"
    assert job["FailureReason"].startswith(said)
    assert "namespaces are forbidden" in job["FailureReason"]


@pytest.mark.parametrize("folder", ["model", "checkpoints"])
def test_a_model_or_checkpoints_in_the_machines_opt_ml_fail_the_job(
    account: Account, folder: str
) -> None:
    name, other = unique("stray"), {"model": "checkpoints", "checkpoints": "model"}[folder]
    request = training(
        name,
        account.uri("models"),
        f"echo x > $SAGEMAKER_BASE_DIR/{other}/x; mkdir -p /opt/ml/{folder}; "
        f"echo x > /opt/ml/{folder}/{name}",
        CheckpointConfig={"S3Uri": account.uri(f"{name}/checkpoints")},
    )
    account.sagemaker.create_training_job(**request)

    job = account.ended_training(name)

    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith(f"ClientError: /opt/ml/{folder} is empty, and /opt/ml/")


def test_an_output_that_is_empty_by_itself_is_none(account: Account) -> None:
    name = unique("empty")
    outputs = {"out": account.uri(f"{name}/out")}
    account.sagemaker.create_processing_job(**account.processing(name, "true", outputs=outputs))

    assert account.ended_processing(name)["ProcessingJobStatus"] == "Completed"


def test_the_start_says_so_once(account: Account) -> None:
    [line] = served.without_containers(account.aws)
    assert line.startswith("Jobs run without containers, so nothing lies at /opt/ml: ")
    assert "`retrain doctor`" in line
    log = (account.aws.data_folder / "server.log").read_text()
    assert log.count("jobs and Lambdas run without namespaces: ") == 1


def test_doctor_says_how_to_allow_them(tmp_path: Path) -> None:
    doctor = subprocess.run(
        [*refusing_namespaces(), sys.executable, "-c", "from cli.main import app; app()", *OPTIONS],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        check=False,  # without credentials there are problems too
    )
    [found] = [
        each for each in json.loads(doctor.stdout)["findings"] if each["name"] == "containers"
    ]
    assert found["level"] == "warning"
    assert "sysctl -w user.max_user_namespaces=15000" in found["next_step"]
