"""The deployed pipeline with a training on two hosts, one of which is killed."""

import re
from pathlib import Path

import pytest

from cli.served.demo import sample_config
from state_machine import config
from state_machine.config import PipelineConfig
from tests.e2e.pipeline import Pipeline
from tests.faults import leaks
from tests.faults.containers import kill_script
from tests.functional.sagemaker_requests import Account
from tests.support.paths import PROJECT
from tests.support.waiting import eventually

pytestmark = pytest.mark.slow

HOSTS = ("algo-1", "algo-2")
EPOCHS = 8


@pytest.fixture(scope="module")
def settings() -> PipelineConfig:
    """The sample's settings with a training on two hosts."""
    small = sample_config(config.load(PROJECT / "pipeline.toml"))
    hyperparameters = small.training.hyperparameters | {"epochs": EPOCHS}
    changes = {"hyperparameters": hyperparameters, "instance_count": len(HOSTS)}
    return small.model_copy(update={"training": small.training.model_copy(update=changes)})


def test_the_state_machines_retry_resumes_after_a_lost_host(
    pipeline: Pipeline, digits: Path
) -> None:
    account = Account(pipeline.aws)
    for file in digits.iterdir():
        pipeline.put("digits", file)
    [arn] = eventually(pipeline.executions)
    job = f"{arn.rpartition(':')[2]}-train"

    eventually(lambda: "epoch=1/" in account.job_log(f"{job}-0-0", HOSTS[0]), timeout=180)
    kill_script(account, f"{job}-0-0/{HOSTS[1]}", "main.py")

    package = pipeline.registered(arn)
    execution = pipeline.end_of(arn)
    assert execution["output"]["training_job"]["job_name"] == f"{job}-1-0"
    assert execution["output"]["training_job"]["instance_count"] == len(HOSTS)
    assert account.ended_training(f"{job}-0-0")["TrainingJobStatus"] == "Failed"
    logs = [account.job_log(f"{job}-1-0", host) for host in HOSTS]
    [resumed] = {re.findall(r"^resuming after epoch (\d+)$", log, re.MULTILINE)[0] for log in logs}
    told = [re.findall(r"^epoch=(\d+)/", log, re.MULTILINE) for log in logs]
    remaining = [str(epoch) for epoch in range(int(resumed) + 1, EPOCHS + 1)]
    assert told == [remaining, remaining]
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    leaks.assert_none(pipeline.aws)
