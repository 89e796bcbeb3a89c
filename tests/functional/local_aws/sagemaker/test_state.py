"""Jobs before and after `kill -9` of the embedded AWS."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.faults import leaks
from tests.functional.events import Queue, Rules
from tests.functional.sagemaker_requests import Account, channel, training, unique
from tests.support.killable import KillableAws
from tests.support.waiting import eventually

KINDS = ("Training", "Processing")
INTERRUPTED = "InternalServerError: the embedded AWS ended while the job was running"
TRAIN = "echo accuracy=0.5; echo weights > $SAGEMAKER_BASE_DIR/model/weights"
METRICS = {"MetricDefinitions": [{"Name": "accuracy", "Regex": "accuracy=(.*)"}]}


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[KillableAws]:
    with KillableAws(tmp_path, arguments=("--stop-grace-seconds", "60")) as server:
        yield server
        leaks.assert_none(server)


@pytest.fixture
def account(aws: KillableAws) -> Account:
    return Account(aws)


def describe(account: Account, kind: str, name: str) -> dict[str, Any]:
    described = getattr(account.sagemaker, f"describe_{kind.lower()}_job")
    answer = described(**{f"{kind}JobName": name})
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def started(account: Account, kind: str, script: str, **more: Any) -> str:
    """Create a job and wait for the first line of its log; return its name."""
    name = unique(kind.lower())
    if kind == "Training":
        request = training(name, account.uri("models"), script, **more)
        account.sagemaker.create_training_job(**request)
    else:
        account.sagemaker.create_processing_job(**account.processing(name, script, **more))
    eventually(lambda: account.job_log(name))
    return name


def test_what_had_ended_is_told_of_as_before_and_its_name_stays_taken(
    aws: KillableAws, account: Account
) -> None:
    tags = [{"Key": "owner", "Value": "me"}]
    trained = started(account, "Training", TRAIN, AlgorithmSpecification=METRICS, Tags=tags)
    failed = started(
        account, "Processing", "echo sorry > $SAGEMAKER_BASE_DIR/output/message; echo; exit 1"
    )
    jobs = [account.ended_training(trained), account.ended_processing(failed)]
    before = [describe(account, "Training", trained), describe(account, "Processing", failed)]
    account.sagemaker.add_tags(
        ResourceArn=jobs[0]["TrainingJobArn"], Tags=[{"Key": "team", "Value": "ours"}]
    )

    aws.kill_and_start()
    aws.kill_and_start()  # what was put back is kept, too

    after = [describe(account, "Training", trained), describe(account, "Processing", failed)]
    assert after == before
    assert before[0]["FinalMetricDataList"][0]["Value"] == 0.5
    assert before[1]["ExitMessage"].strip() == "sorry"
    kept = account.sagemaker.list_tags(ResourceArn=jobs[0]["TrainingJobArn"])["Tags"]
    assert kept == [*tags, {"Key": "team", "Value": "ours"}]
    listed = account.sagemaker.list_training_jobs()["TrainingJobSummaries"]
    assert [job["TrainingJobName"] for job in listed] == [trained]
    with pytest.raises(account.sagemaker.exceptions.ResourceInUse, match="must be unique"):
        account.sagemaker.create_training_job(**training(trained, account.uri("models"), TRAIN))


def test_what_was_running_has_failed(aws: KillableAws, account: Account) -> None:
    jobs = {kind: started(account, kind, "echo ready; sleep 600") for kind in KINDS}
    rules, queue = Rules(aws), Queue(aws)
    for kind, name in jobs.items():
        detail = {f"{kind}JobName": [name], f"{kind}JobStatus": ["Failed"]}
        rules.put({"Arn": queue.arn}, pattern={"source": ["aws.sagemaker"], "detail": detail})
    processes = leaks.job_processes(aws.data_folder / "jobs")
    assert len(processes) >= len(KINDS)

    aws.kill_and_start()

    psutil.wait_procs(processes, timeout=10)
    assert not any(process.is_running() for process in processes)
    told = [event["detail"]["FailureReason"] for event in queue.bodies(2)]
    assert told == [INTERRUPTED, INTERRUPTED]
    for kind, name in jobs.items():
        job = describe(account, kind, name)
        assert (job[f"{kind}JobStatus"], job["FailureReason"]) == ("Failed", INTERRUPTED)
        assert job[f"{kind}EndTime"] > job[f"{kind}StartTime"] >= job["CreationTime"]
    transitions = describe(account, "Training", jobs["Training"])["SecondaryStatusTransitions"]
    entries = [entry["Status"] for entry in transitions]
    assert entries == ["Starting", "Downloading", "Training", "Failed"]
    assert all("EndTime" in entry for entry in transitions)


def test_of_several_hosts_nothing_is_left_running(aws: KillableAws, account: Account) -> None:
    request = training(unique("hosts"), account.uri("models"), "echo ready; sleep 600")
    request["ResourceConfig"]["InstanceCount"] = 2
    name = request["TrainingJobName"]
    account.sagemaker.create_training_job(**request)
    for host in ("algo-1", "algo-2"):
        eventually(lambda: account.job_log(name, host))  # noqa: B023
        (aws.data_folder / "jobs" / name / host / "opt/ml/input/.x.partial").touch()
    processes = leaks.job_processes(aws.data_folder / "jobs" / name)

    aws.kill_and_start()

    psutil.wait_procs(processes, timeout=10)
    assert not any(process.is_running() for process in processes)
    job = describe(account, "Training", name)
    assert (job["TrainingJobStatus"], job["FailureReason"]) == ("Failed", INTERRUPTED)
    assert job["ResourceConfig"]["InstanceCount"] == 2
    leaks.assert_none(aws)
    assert account.job_log(name, "algo-2") == "ready\n"


def test_what_was_being_stopped_is_stopped(aws: KillableAws, account: Account) -> None:
    deaf = "trap '' TERM; echo ready; while :; do sleep 0.1; done"
    jobs = {kind: started(account, kind, deaf) for kind in KINDS}
    account.sagemaker.stop_training_job(TrainingJobName=jobs["Training"])
    account.sagemaker.stop_processing_job(ProcessingJobName=jobs["Processing"])

    aws.kill_and_start()

    for kind, name in jobs.items():
        job = describe(account, kind, name)
        assert job[f"{kind}JobStatus"] == "Stopped"
        assert "FailureReason" not in job


def test_half_written_files_of_dead_jobs_are_removed(aws: KillableAws, account: Account) -> None:
    data = {"InputDataConfig": [channel("train", account.put("data/x", "x"))]}
    name = started(account, "Training", "echo ready; sleep 600", **data)
    for folder in (name, "never-answered"):
        container = aws.data_folder / "jobs" / folder
        (container / "opt/ml/input/data/train").mkdir(parents=True, exist_ok=True)
        (container / "tmp").mkdir(exist_ok=True)
        (container / "opt/ml/input/data/train/.y.partial").touch()
        (container / "tmp/model.tar.gz").touch()

    aws.kill_and_start()

    kept = aws.data_folder / "jobs" / name
    assert (kept / "opt/ml/input/data/train/x").read_text() == "x"
    assert "ready" in account.job_log(name)
    leaks.assert_none(aws)
