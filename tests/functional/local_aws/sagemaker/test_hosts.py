"""Jobs of several instances through boto3: what each host has, and how they end together."""

import json
import os
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.faults.containers import kill_script
from tests.faults.leaks import job_processes
from tests.functional.sagemaker_requests import Account, channel, training, unique, unpacked
from tests.support.waiting import eventually

HOSTS = ["algo-1", "algo-2"]
FIRST, SECOND = HOSTS
TRAINING, PROCESSING = "/aws/sagemaker/TrainingJobs", "/aws/sagemaker/ProcessingJobs"
KINDS = ("Training", "Processing")
# What a host is called stands in resourceconfig.json, and nowhere else.
HOST = """cd $SAGEMAKER_BASE_DIR
config=$(ls input/config/resourceconfig.json config/resourceconfig.json 2>/dev/null || true)
host=$(sed 's/.*"current_host": "\\([^"]*\\).*/\\1/' $config)
"""
WAIT = "while true; do sleep 0.05; done"


@pytest.fixture(scope="module")
def account(embedded_aws: EmbeddedAws) -> Account:
    return Account(embedded_aws)


def trainer(account: Account, script: str, count: int = 2, **more: Any) -> dict[str, Any]:
    """Return a CreateTrainingJob of several hosts whose script knows its $host."""
    name = unique("hosts")
    code = channel("code", account.put(f"scripts/{name}/run.sh", HOST + script))
    channels = {"InputDataConfig": [*more.pop("InputDataConfig", []), code]}
    request = training(name, account.uri("models"), "", **channels, **more)
    command = ["/bin/bash", "-e", "/opt/ml/input/data/code/run.sh"]
    request["AlgorithmSpecification"]["ContainerEntrypoint"] = command
    request["ResourceConfig"]["InstanceCount"] = count
    return request


def processor(account: Account, script: str, count: int = 2, **more: Any) -> dict[str, Any]:
    """Return a CreateProcessingJob of several hosts whose script knows its $host."""
    request = account.processing(unique("hosts"), HOST + script, **more)
    request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = count
    return request


def create(account: Account, kind: str, script: str) -> str:
    """Create a job of two hosts; return its name."""
    if kind == "Training":
        request = trainer(account, script)
        account.sagemaker.create_training_job(**request)
    else:
        request = processor(account, script)
        account.sagemaker.create_processing_job(**request)
    return str(request[f"{kind}JobName"])


def started(account: Account, kind: str, script: str) -> str:
    """Create a job of two hosts and wait until both have printed; return its name."""
    name = create(account, kind, script)
    for host in HOSTS:
        eventually(lambda: account.job_log(name, host))  # noqa: B023
    return name


def ended(account: Account, kind: str, name: str) -> Any:
    return account.ended_training(name) if kind == "Training" else account.ended_processing(name)


def trained(account: Account, script: str, count: int = 2, **more: Any) -> Any:
    """Run a training job of several hosts to its end; return its description."""
    request = trainer(account, script, count, **more)
    account.sagemaker.create_training_job(**request)
    return account.ended_training(request["TrainingJobName"])


def processes(account: Account, name: str) -> list[Any]:
    return job_processes(account.aws.data_folder / "jobs" / name)


def names_below(folder: Path) -> list[str]:
    """The names of all files and folders, those left out that go away meanwhile."""
    return sorted(name for _, *names in os.walk(folder) for name in chain.from_iterable(names))


def test_each_host_of_a_training_has_its_name_data_and_log(account: Account) -> None:
    account.put("train/x", "data")
    request = trainer(
        account,
        "cat input/data/train/x; mkdir output/data/$host; cp input/config/res* output/data/$host",
        InputDataConfig=[channel("train", account.uri("train/"))],
    )
    name = request["TrainingJobName"]
    account.sagemaker.create_training_job(**request)

    assert account.ended_training(name)["TrainingJobStatus"] == "Completed"
    packed = unpacked(account.get(f"models/{name}/output/output.tar.gz"))
    assert sorted(packed) == [f"{host}/resourceconfig.json" for host in HOSTS]
    for host in HOSTS:
        config = json.loads(packed[f"{host}/resourceconfig.json"])
        assert (config["current_host"], config["hosts"]) == (host, HOSTS)
        assert config["instance_groups"][0]["hosts"] == HOSTS
        assert account.log_events(TRAINING, name, host) == ["data"]
        assert account.job_log(name, host) == "data"
    left = account.aws.data_folder / "jobs" / name
    # The rest is removed when the job has ended.
    eventually(lambda: names_below(left) == [*HOSTS, "job.log", "job.log"])


def test_the_models_of_all_hosts_are_one_archive(account: Account) -> None:
    job = trained(
        account,
        "mkdir model/deep; echo $host > model/deep/$host; echo $host > model/of-all; "
        "mkdir model/empty-$host",
    )

    key = job["ModelArtifacts"]["S3ModelArtifacts"].partition(f"{account.bucket}/")[2]
    assert unpacked(account.get(key)) == {
        f"deep/{FIRST}": f"{FIRST}\n".encode(),
        f"deep/{SECOND}": f"{SECOND}\n".encode(),
        "of-all": f"{SECOND}\n".encode(),
    }


def test_metrics_are_found_in_the_logs_of_all_hosts(account: Account) -> None:
    definitions = [{"Name": host, "Regex": f"{host} saw (.*)"} for host in HOSTS]
    job = trained(
        account,
        "echo $host saw ${host#algo-}",
        AlgorithmSpecification={"MetricDefinitions": definitions},
    )

    found = {item["MetricName"]: item["Value"] for item in job["FinalMetricDataList"]}
    assert found == {FIRST: 1.0, SECOND: 2.0}


@pytest.mark.parametrize("objects", [1, 5])
def test_each_object_of_a_sharded_channel_comes_to_one_host(account: Account, objects: int) -> None:
    prefix = unique("sharded")
    names = [f"part-{number}" for number in range(objects)]
    for name in names:
        account.put(f"{prefix}/{name}", name)
    sharded = channel("train", account.uri(f"{prefix}/"))
    sharded["DataSource"]["S3DataSource"]["S3DataDistributionType"] = "ShardedByS3Key"

    job = trained(
        account,
        "test -d input/data/train; ls input/data/train > output/data/$host",
        InputDataConfig=[sharded],
    )

    packed = unpacked(account.get(f"models/{job['TrainingJobName']}/output/output.tar.gz"))
    shares = [packed[host].decode().split() for host in HOSTS]
    assert sorted(shares[0] + shares[1]) == names
    assert len(shares[0]) - len(shares[1]) in (0, 1)


def test_a_processing_job_shards_and_replicates_and_its_outputs_come_together(
    account: Account,
) -> None:
    prefix = unique("processed")
    names = [f"file-{number}" for number in range(7)]
    for name in names:
        account.put(f"{prefix}/in/{name}", name)
    folders = ("sharded", "whole")
    request = processor(
        account,
        "for from in sharded whole; do ls processing/$from > processing/out/$from-$host; done; "
        "echo $host > processing/out/of-all; echo $host done | tee output/message",
        count=3,
        inputs={folder: account.uri(f"{prefix}/in/") for folder in folders},
        outputs={"out": account.uri(f"{prefix}/out")},
    )
    [sharded] = [
        item["S3Input"] for item in request["ProcessingInputs"] if item["InputName"] == "sharded"
    ]
    sharded["S3DataDistributionType"] = "ShardedByS3Key"
    account.sagemaker.create_processing_job(**request)

    job = account.ended_processing(request["ProcessingJobName"])

    assert job["ProcessingJobStatus"] == "Completed"
    assert job["ExitMessage"] == f"{FIRST} done\n"
    hosts = [*HOSTS, "algo-3"]
    written = {
        folder: [account.get(f"{prefix}/out/{folder}-{host}").decode().split() for host in hosts]
        for folder in folders
    }
    assert sorted(chain.from_iterable(written["sharded"])) == names
    assert written["whole"] == [names] * 3
    assert account.get(f"{prefix}/out/of-all") == b"algo-3\n"
    logged = [account.log_events(PROCESSING, job["ProcessingJobName"], host) for host in hosts]
    assert logged == [[f"{host} done"] for host in hosts]


def test_a_host_without_checkpoints_leaves_those_of_the_others(account: Account) -> None:
    prefix = unique("checkpoints")
    account.put(f"{prefix}/epoch-1", "one")
    job = trained(
        account,
        f"cat checkpoints/epoch-1; test $host = {SECOND} || "
        "{ echo two > checkpoints/epoch-2; rm checkpoints/epoch-1; }",
        CheckpointConfig={"S3Uri": account.uri(f"{prefix}/")},
    )

    assert job["TrainingJobStatus"] == "Completed"
    assert account.keys(prefix) == [f"{prefix}/epoch-2"]
    assert [account.job_log(job["TrainingJobName"], host) for host in HOSTS] == ["one", "one"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bad", HOSTS)
def test_one_host_that_fails_fails_the_job_and_ends_the_others(
    account: Account, kind: str, bad: str
) -> None:
    name = create(
        account,
        kind,
        f"mkdir -p output; echo $host says no | tee output/message > output/failure; "
        f"test $host = {bad} && exit 3; {WAIT}",
    )

    job = ended(account, kind, name)

    assert job[f"{kind}JobStatus"] == "Failed"
    if kind == "Training":
        assert job["FailureReason"] == f"AlgorithmError: {bad} says no, exit code: 3"
    else:
        assert job["ExitMessage"] == f"{bad} says no\n"
    assert processes(account, name) == []


def test_a_host_that_is_killed_fails_the_job_whose_others_may_be_deaf(account: Account) -> None:
    name = started(account, "Training", f"trap '' TERM; echo ready; {WAIT}")

    kill_script(account, f"{name}/{SECOND}", "/opt/ml/input/data/code/run.sh")

    job = account.ended_training(name)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Failed", "Failed")
    assert job["FailureReason"] == "AlgorithmError: , exit code: 137"
    assert processes(account, name) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_stop_reaches_every_host(account: Account, kind: str) -> None:
    name = started(account, kind, f"trap 'echo told; exit 0' TERM; echo ready; {WAIT}")

    getattr(account.sagemaker, f"stop_{kind.lower()}_job")(**{f"{kind}JobName": name})

    assert ended(account, kind, name)[f"{kind}JobStatus"] == "Stopped"
    assert all("told" in account.job_log(name, host).splitlines() for host in HOSTS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_over_its_time_is_stopped_on_every_host(account: Account, kind: str) -> None:
    limit = {"StoppingCondition": {"MaxRuntimeInSeconds": 1}}
    if kind == "Training":
        request = trainer(account, "echo ready; sleep 60", **limit)
        account.sagemaker.create_training_job(**request)
    else:
        request = processor(account, "echo ready; sleep 60", **limit)
        account.sagemaker.create_processing_job(**request)
    name = request[f"{kind}JobName"]

    assert ended(account, kind, name)[f"{kind}JobStatus"] == "Stopped"
    assert processes(account, name) == []


def test_an_interruption_takes_every_host_and_all_go_on_from_the_checkpoints(
    account: Account,
) -> None:
    request = trainer(
        account,
        "n=$(cat checkpoints/n || echo 0); ls model; touch model/$n-$host; "
        f"test $host = {SECOND} || echo $((n + 1)) > checkpoints/n; "
        f"echo start $n; test $n = 1 || {WAIT}",  # said when its checkpoint is there
        EnableManagedSpotTraining=True,
        CheckpointConfig={"S3Uri": account.uri(unique("spot"))},
        StoppingCondition={"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 900},
    )
    name = request["TrainingJobName"]
    account.sagemaker.create_training_job(**request)
    for host in HOSTS:
        eventually(lambda: "start 0" in account.job_log(name, host))  # noqa: B023

    account.interrupt(name)

    job = account.ended_training(name)
    assert job["TrainingJobStatus"] == "Completed"
    packed = unpacked(account.get(f"models/{name}/output/model.tar.gz"))
    assert sorted(packed) == [f"1-{host}" for host in HOSTS]


def test_instance_groups_are_refused(account: Account) -> None:
    request = trainer(account, "true")
    group = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "InstanceGroupName": "all"}
    request["ResourceConfig"] = {"InstanceGroups": [group], "VolumeSizeInGB": 1}

    with pytest.raises(ClientError, match="InstanceGroups") as refused:
        account.sagemaker.create_training_job(**request)

    assert refused.value.response["Error"]["Code"] == "ValidationException"
