import json
import socket
from pathlib import Path
from typing import Any

import pytest

from local_aws.sagemaker import tensorflow
from local_aws.sagemaker.cluster import Cluster
from local_aws.sagemaker.container import Runtime

ASKED = {"sagemaker_multi_worker_mirrored_strategy_enabled": "true"}


def cluster(instance_count: int) -> Cluster:
    return Cluster(Path("job"), Runtime(Path("runtime")), instance_count)


def configurations(job: Cluster) -> list[Any]:
    return [json.loads(host.variables["TF_CONFIG"]) for host in job.hosts]


def port(worker: str) -> int:
    return int(worker.rpartition(":")[2])


def test_every_host_knows_all_and_its_own_place() -> None:
    job = cluster(3)

    tensorflow.connect(job, ASKED)

    told = configurations(job)
    assert [config["task"] for config in told] == [
        {"type": "worker", "index": index} for index in range(3)
    ]
    workers = told[0]["cluster"]["worker"]
    assert [config["cluster"] for config in told] == [{"worker": workers}] * 3
    assert [worker.partition(":")[0] for worker in workers] == job.names


def test_no_two_hosts_of_any_job_get_the_same_port() -> None:
    jobs = [cluster(2), cluster(2)]
    for job in jobs:
        tensorflow.connect(job, ASKED)

    workers = [worker for job in jobs for worker in configurations(job)[0]["cluster"]["worker"]]

    assert len(set(map(port, workers))) == 4


def test_a_port_that_somebody_has_is_passed_over() -> None:
    first, second = cluster(2), cluster(2)
    tensorflow.connect(first, ASKED)
    following = port(configurations(first)[0]["cluster"]["worker"][1]) + 1
    with socket.socket() as taken:
        taken.bind(("", following))
        taken.listen()

        tensorflow.connect(second, ASKED)

    workers = configurations(second)[0]["cluster"]["worker"]
    assert following not in map(port, workers)


@pytest.mark.parametrize(
    ("instances", "hyperparameters"),
    [
        (1, ASKED),
        (2, {}),
        (2, {"sagemaker_multi_worker_mirrored_strategy_enabled": "false"}),
    ],
)
def test_who_is_alone_or_does_not_ask_gets_none(
    instances: int, hyperparameters: dict[str, str]
) -> None:
    job = cluster(instances)

    tensorflow.connect(job, hyperparameters)

    assert [host.variables for host in job.hosts] == [{}] * instances
