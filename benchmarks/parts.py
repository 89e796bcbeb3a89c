"""The parts of a run, each measured by itself."""

import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from benchmarks.pipeline import Stage
from local_aws.client import Connection

UPLOADS = 60
TRANSITIONS = 500
JOBS = 8
MEGABYTES = 150
IMPORTS = 5
POLL_SECONDS = 0.02
LONGEST_START_SECONDS = 60.0
SCRIPT_IMPORTS = {
    "Preprocess": "preprocessing",
    "Train": "main, fitting.hosts, training, model",
    "Evaluate": "evaluation, scoring.report, scoring.scoring",
}


def trigger_latencies(aws: Connection, stage: Stage, files: list[str]) -> list[float]:
    """Return the milliseconds from the last PutObject of a data set to ExecutionStarted.

    The deployed trigger starts the deployed machine, which here does nothing: what is measured
    ends where that begins. The first uploads warm the trigger up and do not count.
    """
    s3, states = aws.client("s3"), aws.client("stepfunctions")
    machine = stage.deployment.state_machine_arn
    states.update_state_machine(stateMachineArn=machine, definition=json.dumps(_passes(1)))
    latencies = []
    for number in range(UPLOADS + 3):
        dataset = f"latency-{uuid4().hex[:8]}"
        for name in files:
            asked = time.time()
            key = f"raw_data/{dataset}/{name}"
            s3.put_object(
                Bucket=stage.deployment.bucket, Key=key, Body=b"x"
            )  # an empty file is none
        started = _start_of(states, machine, dataset)
        if number >= 3:  # noqa: PLR2004
            latencies.append((started - asked) * 1000)
    return latencies


def transition_milliseconds(aws: Connection, stage: Stage) -> float:
    """Return the milliseconds of one state, of a machine of many Pass states."""
    states, machine = aws.client("stepfunctions"), stage.deployment.state_machine_arn
    states.update_state_machine(
        stateMachineArn=machine, definition=json.dumps(_passes(TRANSITIONS))
    )
    arn = states.start_execution(stateMachineArn=machine)["executionArn"]
    execution = _until(partial(states.describe_execution, executionArn=arn), "status", "RUNNING")
    took = execution["stopDate"] - execution["startDate"]
    return float(took.total_seconds() * 1000 / TRANSITIONS)


def job_seconds(aws: Connection, bucket: str, role: str) -> list[float]:
    """Return what it takes to run processing jobs that do nothing, from their creation to end."""
    sagemaker = aws.client("sagemaker")
    aws.client("s3").put_object(Bucket=bucket, Key="runs/bench/source_data/file", Body=b"x")
    took = []
    for _ in range(JOBS):
        name = f"bench-{uuid4().hex[:8]}"
        sagemaker.create_processing_job(**_idle_job(name, bucket, role))
        job = _until(
            partial(sagemaker.describe_processing_job, ProcessingJobName=name),
            "ProcessingJobStatus",
            "InProgress",
        )
        took.append((job["ProcessingEndTime"] - job["CreationTime"]).total_seconds())
    return took


def s3_megabytes_per_second(aws: Connection, bucket: str) -> dict[str, float]:
    """Return the rates at which a client puts and gets one large object."""
    s3 = aws.client("s3")
    body = np.random.default_rng(0).bytes(MEGABYTES * 10**6)
    where = {"Bucket": bucket, "Key": "runs/bench/large"}
    began = time.perf_counter()
    s3.put_object(**where, Body=body)
    put = time.perf_counter() - began
    began = time.perf_counter()
    s3.get_object(**where)["Body"].read()
    get = time.perf_counter() - began
    return {"put_object": MEGABYTES / put, "get_object": MEGABYTES / get}


def package(project: Path, folder: Path) -> Path:
    """Have the Lambdas packaged as `retrain package` does; return the zip."""
    retrain = Path(sys.executable).with_name("retrain")
    command = [str(retrain), "package", "--output", str(folder)]
    subprocess.run(command, cwd=project, check=True, stdout=subprocess.DEVNULL)
    return next(folder.rglob("lambdas-*.zip"))


def import_seconds(zipped: Path, variables: dict[str, str]) -> list[float]:
    """Return how long a new Python takes to start and to import the app of the Lambda zip.

    Args:
        variables: the functions' own.
    """
    took = []
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(zipped) as archive:
            archive.extractall(folder)
        for _ in range(IMPORTS + 1):
            began = time.perf_counter()
            command = [sys.executable, "-c", "import app"]
            subprocess.run(command, cwd=folder, env=os.environ | variables, check=True)
            took.append(time.perf_counter() - began)
    return took[1:]  # the first one compiled the modules


def script_import_seconds(scripts: Path) -> dict[str, float]:
    """Return how long a new Python takes to start and to import what each job's script uses."""
    return {name: _import_seconds(scripts, modules) for name, modules in SCRIPT_IMPORTS.items()}


def _import_seconds(folder: Path, modules: str) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", f"import {modules}"], cwd=folder, check=True)
    return time.perf_counter() - began


def _idle_job(name: str, bucket: str, role: str) -> dict[str, Any]:
    uri = f"s3://{bucket}/runs/bench/source_data/"
    source = {"S3Uri": uri, "S3DataType": "S3Prefix", "S3InputMode": "File"}
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
    return {
        "ProcessingJobName": name,
        "RoleArn": role,
        "ProcessingResources": {"ClusterConfig": cluster},
        "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["/bin/true"]},
        "ProcessingInputs": [
            {"InputName": "in", "S3Input": {**source, "LocalPath": "/opt/ml/processing/in"}}
        ],
    }


def _passes(count: int) -> dict[str, Any]:
    states = {
        f"State{number}": {"Type": "Pass", "Next": f"State{number + 1}"} for number in range(count)
    }
    return {"StartAt": "State0", "States": {**states, f"State{count}": {"Type": "Succeed"}}}


def _start_of(states: Any, machine: str, dataset: str) -> float:
    until = time.monotonic() + LONGEST_START_SECONDS
    while time.monotonic() < until:
        for execution in states.list_executions(stateMachineArn=machine)["executions"]:
            if execution["name"].startswith(dataset):
                return float(execution["startDate"].timestamp())
        time.sleep(POLL_SECONDS)
    raise TimeoutError(f"{dataset} started no execution in {LONGEST_START_SECONDS:.0f} s")


def _until(describe: Callable[[], Any], key: str, under_way: str) -> Any:
    while (found := describe())[key] == under_way:
        time.sleep(POLL_SECONDS)
    return found
