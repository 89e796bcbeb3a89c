import signal
import subprocess
from itertools import chain
from pathlib import Path

from local_aws import processes
from local_aws.sagemaker_cluster import Cluster, terminate
from local_aws.sagemaker_container import Runtime


def cluster(folder: Path, instance_count: int) -> Cluster:
    return Cluster(folder / "jobs" / "job", Runtime(folder / "runtime"), instance_count)


def test_names_that_are_taken_get_a_number(tmp_path: Path) -> None:
    job = cluster(tmp_path, 2)
    assert job.beside({"other"}).folder == job.folder
    assert job.beside({"job", "job.2"}).folder == job.folder.with_name("job.3")
    assert job.beside({"job"}).names == job.names


def test_the_only_host_has_the_folder_and_each_of_several_one_of_its_own(tmp_path: Path) -> None:
    [alone] = cluster(tmp_path, 1).hosts
    several = cluster(tmp_path, 12).hosts

    assert (alone.name, alone.container.root) == ("algo-1", tmp_path / "jobs" / "job")
    assert [host.name for host in several][-3:] == ["127.0.0.10", "127.0.0.11", "127.0.0.12"]
    assert several[0].container.root == tmp_path / "jobs" / "job" / "127.0.0.1"


def test_each_object_of_a_sharded_input_comes_to_one_host(tmp_path: Path) -> None:
    job, objects = cluster(tmp_path, 3), list("abcdefgh")

    shares = [objects[job.share(host, "ShardedByS3Key")] for host in job.hosts]

    assert sorted(chain.from_iterable(shares)) == objects
    assert sorted(map(len, shares)) == [2, 3, 3]
    assert [objects[job.share(host, None)] for host in job.hosts] == [objects] * 3
    assert [["a"][job.share(host, "ShardedByS3Key")] for host in job.hosts] == [["a"], [], []]


def started(script: str, folder: Path) -> processes.Process:
    """Start a shell script and wait until it prints its first line."""
    process = processes.start(
        ["/bin/bash", "-c", script],
        env={"PATH": "/usr/bin:/bin"},
        cwd=folder,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def test_a_process_may_end_well_on_sigterm(tmp_path: Path) -> None:
    process = started("trap 'exit 5' TERM; echo ready; while true; do sleep 0.02; done", tmp_path)

    timer = terminate(process, grace_seconds=60)

    assert process.wait(10) == 5
    timer.cancel()


def test_a_process_that_ignores_sigterm_is_killed_after_its_time(tmp_path: Path) -> None:
    process = started("trap '' TERM; echo ready; while true; do sleep 0.02; done", tmp_path)

    terminate(process, grace_seconds=0.2)

    assert process.wait(10) == -signal.SIGKILL


def test_the_whole_group_gets_the_signal(tmp_path: Path) -> None:
    inner = "trap 'touch told; exit' TERM; echo ready; while :; do sleep 0.02; done"
    script = f'trap : TERM; bash -c "{inner}"; true'
    process = started(script, tmp_path)

    timer = terminate(process, grace_seconds=60)

    process.wait(10)
    assert (tmp_path / "told").exists()
    timer.cancel()
