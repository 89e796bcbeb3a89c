import signal
import subprocess
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from local_aws.processes import child
from local_aws.sagemaker.cluster import Cluster, Ending, Host, PutEvents, terminate
from local_aws.sagemaker.container import Runtime
from local_aws.sagemaker.job_log import Metrics
from tests.support.waiting import eventually


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


def run(job: Cluster, scripts: list[str], grace_seconds: float = 60) -> "Future[Ending]":
    """Run a shell script on each host and wait until each has printed `ready`."""
    job.create()
    for host, script in zip(job.hosts, scripts, strict=True):
        host.launch(["/bin/bash", "-c", script], {"PATH": "/usr/bin:/bin"})
    pool = ThreadPoolExecutor(1)
    ending = pool.submit(job.follow, lambda _: lambda _: None, Metrics([]), grace_seconds)
    pool.shutdown(wait=False)
    eventually(lambda: all("ready" in printed(host) for host in job.hosts))
    return ending


def printed(host: Host) -> str:
    log = host.container.root / "job.log"
    return log.read_text() if log.exists() else ""


FOREVER = "echo ready; while :; do sleep 0.02; done"


def test_the_first_host_that_fails_decides_and_ends_the_others(tmp_path: Path) -> None:
    fails = "echo ready; until test -e fail; do sleep 0.02; done; exit 7"
    job = cluster(tmp_path, 3)
    ending = run(job, [FOREVER, fails, FOREVER])

    (job.hosts[1].container.root / "fail").touch()

    assert ending.result(10) == Ending(job.hosts[1], 7)
    job.kill()


def test_hosts_that_all_end_well_end_well(tmp_path: Path) -> None:
    job = cluster(tmp_path, 2)

    assert run(job, ["echo ready"] * 2).result(10) == Ending(job.hosts[0], 0)


class DiesOfAStop(Host):
    """A host that has died, and is known to have, before the next one is told to end."""

    def __init__(self, host: Host) -> None:
        super().__init__(host.name, host.container)
        self._gone = threading.Event()
        self._told_again = threading.Event()

    def follow(self, put: PutEvents, metrics: Metrics) -> int:
        """Tell of the end."""
        code = super().follow(put, metrics)
        self._gone.set()
        return code

    def terminate(self, grace_seconds: float) -> threading.Timer | None:
        """Leave some time to whoever would tell all hosts again because this one has died."""
        if self._gone.is_set():
            self._told_again.set()
        timer = super().terminate(grace_seconds)
        assert self._gone.wait(10)
        self._told_again.wait(0.2)
        return timer


def test_a_host_that_dies_of_a_stop_takes_no_time_from_the_others(tmp_path: Path) -> None:
    saves = "trap 'until test -e go; do sleep 0.02; done; echo saved; exit' TERM; " + FOREVER
    job = cluster(tmp_path, 2)
    job.hosts[0] = DiesOfAStop(job.hosts[0])
    ending = run(job, [FOREVER, saves], grace_seconds=0)

    job.terminate(60)

    (job.hosts[1].container.root / "go").touch()
    assert ending.result(10).host is job.hosts[0]
    assert printed(job.hosts[1]).endswith("saved\n")
    job.kill()


def started(script: str, folder: Path) -> child.Process:
    """Start a shell script and wait until it prints its first line."""
    process = child.start(
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
