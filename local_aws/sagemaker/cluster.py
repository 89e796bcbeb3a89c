"""The hosts that a job runs on, each a container of its own; mostly it is one."""

import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future, as_completed
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from local_aws.containers.containers import start
from local_aws.processes import child
from local_aws.sagemaker.container import Container, Runtime
from local_aws.sagemaker.job_log import JobLog, Metrics

# For the other hosts of a job that has failed: nothing that they could still save is taken home.
_GRACE_SECONDS_AFTER_FAILURE = 5.0

PutEvents = Callable[[list[dict[str, Any]]], None]


class Host:
    """A host by its name and its container; it runs one command at a time.

    `addresses` are those of all hosts of the job, by their names. `variables` are in its
    environment and in that of no other host.
    """

    def __init__(
        self, name: str, container: Container, addresses: dict[str, str] | None = None
    ) -> None:
        self.name = name
        self.container = container
        self._addresses = addresses or {}
        self.variables: dict[str, str] = {}
        self._process: child.Process | None = None

    def launch(self, command: list[str], environment: dict[str, str]) -> None:
        """Start the command with this as its whole environment."""
        self._process = start(
            command,
            env=environment,
            cwd=self.container.root,
            stdout=subprocess.PIPE,
            box=self.container.box(self._addresses),
        )

    def follow(self, put: PutEvents, metrics: Metrics) -> int:
        """Log what the command prints until it ends; return its exit code.

        A shell, and so a container, gives a death by signal N as the exit code 128 + N.
        """
        assert self._process is not None
        assert self._process.stdout is not None
        with self._process.stdout as output:
            JobLog(self.container.root / "job.log", put).follow(output, metrics)
        code = self._process.wait()
        return code if code >= 0 else 128 - code

    def terminate(self, grace_seconds: float) -> threading.Timer | None:
        """Send SIGTERM; return the running timer that will send SIGKILL, None if nothing ran."""
        return terminate(self._process, grace_seconds) if self._process else None

    def kill(self) -> None:
        """End the command, if there is one, and all that it started."""
        if self._process is not None:
            self._process.kill_group()


@dataclass(frozen=True)
class Ending:
    """How the work of all hosts ended, as the one that decided it ended."""

    host: Host
    exit_code: int


class Cluster:
    """All hosts of one job, below one folder: that of the only host, or with one for each."""

    def __init__(self, folder: Path, runtime: Runtime, instance_count: int) -> None:
        self.folder = folder
        self._runtime = runtime
        addresses = host_addresses(instance_count, named=runtime.containers is not None)
        self.hosts = [
            Host(name, Container(self._root(name, instance_count), runtime), addresses)
            for name in addresses
        ]
        self._told_to_end = False
        self._timers: list[threading.Timer] = []

    def _root(self, name: str, instance_count: int) -> Path:
        return self.folder if instance_count == 1 else self.folder / name

    @property
    def names(self) -> list[str]:
        """The names of the hosts, in the order that every host is told."""
        return [host.name for host in self.hosts]

    def share(self, host: Host, distribution: str | None) -> slice:
        """Return which of the objects of an input, in order, come to the host.

        All, or with ShardedByS3Key a share such that each object comes to one host. With fewer
        objects than hosts some get none:
        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
        """
        if distribution != "ShardedByS3Key":
            return slice(None)
        return slice(self.hosts.index(host), None, len(self.hosts))

    def beside(self, taken: set[str]) -> "Cluster":
        """Return this cluster, or one in a folder of another name if the name is taken.

        A training job and a processing job may share a name.
        """
        names = (self.folder.name, *(f"{self.folder.name}.{number}" for number in range(2, 1000)))
        return self.named(next(name for name in names if name not in taken))

    def named(self, name: str) -> "Cluster":
        """Return the cluster in the folder of this name."""
        return Cluster(self.folder.with_name(name), self._runtime, len(self.hosts))

    def create(self) -> None:
        """Make the folders, empty: what a job of an earlier server left there goes."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for host in self.hosts:
            host.container.create()

    def renew(self) -> None:
        """Empty the folders, the logs aside: new instances take the place of interrupted ones."""
        self.kill()
        for host in self.hosts:
            host.container.renew()

    def discard(self) -> None:
        """Remove everything but the logs, as the instances of a completed job go away."""
        for host in self.hosts:
            host.container.discard()

    def remove_unfinished(self) -> None:
        """Remove what the server itself was writing when it ended."""
        for host in self.hosts:
            host.container.remove_unfinished()

    def follow(
        self,
        put: Callable[[Host], PutEvents],
        metrics: Metrics,
        grace_seconds: float = _GRACE_SECONDS_AFTER_FAILURE,
    ) -> Ending:
        """Log what the hosts print until all have ended. The first that fails ends the others."""
        ends = {_in_thread(partial(host.follow, put(host), metrics)): host for host in self.hosts}
        failure = None
        for end in as_completed(ends):
            ending = Ending(ends[end], end.result())
            if ending.exit_code != 0 and failure is None:
                failure = ending
                if not self._told_to_end:  # else each has its own time of grace
                    self.terminate(grace_seconds)
        return failure or Ending(self.hosts[0], 0)

    def terminate(self, grace_seconds: float) -> None:
        """Send SIGTERM to every host, and SIGKILL when the time of grace is over."""
        self._told_to_end = True  # before the first signal: a host may die of it at once
        for host in self.hosts:
            timer = host.terminate(grace_seconds)
            if timer is not None:
                self._timers.append(timer)

    def kill(self) -> None:
        """End what runs on any host."""
        for host in self.hosts:
            host.kill()
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._told_to_end = False


def host_addresses(count: int, *, named: bool) -> dict[str, str]:
    """Return the names of a job's hosts, each with its address of loopback.

    AWS calls them algo-1, algo-2 and so on, and so does the /etc/hosts of a container. Without one,
    not `named`, only root could have a name resolved: then several hosts, which have to find each
    other, are called by their addresses.
    """
    addresses = [str(ip_address("127.0.0.0") + number) for number in range(1, count + 1)]
    if named or count == 1:
        return {f"algo-{number}": address for number, address in enumerate(addresses, start=1)}
    return {address: address for address in addresses}


def resource_config(hardware: dict[str, Any], current: str, hosts: list[str]) -> dict[str, Any]:
    """Return what resourceconfig.json says on the host `current`.

    `hardware` is the part of the request that has InstanceType.
    """
    instance_type = hardware.get("InstanceType", "local")
    group = {
        "instance_group_name": "homogeneousCluster",
        "instance_type": instance_type,
        "hosts": hosts,
    }
    return {
        "current_host": current,
        "current_instance_type": instance_type,
        "current_group_name": "homogeneousCluster",
        "hosts": hosts,
        "instance_groups": [group],
        "network_interface_name": "lo",
    }


def terminate(process: child.Process, grace_seconds: float) -> threading.Timer:
    """Send SIGTERM to the whole group; return the running timer that will send SIGKILL.

    The whole group, because sagemaker-training does not pass SIGTERM on to the script.
    """
    process.terminate_group(signal.SIGTERM)
    return after(grace_seconds, process.kill_group)


def after(seconds: float, action: Callable[[], None]) -> threading.Timer:
    """Return a running timer, which does not keep the server from ending."""
    timer = threading.Timer(seconds, action)
    timer.daemon = True
    timer.start()
    return timer


def _in_thread(action: Callable[[], int]) -> "Future[int]":
    """Do it in a thread, which does not keep the server from ending as those of a pool would."""
    future: Future[int] = Future()

    def act() -> None:
        try:
            future.set_result(action())
        except BaseException as error:  # raised again where the result is asked for
            future.set_exception(error)

    threading.Thread(target=act, daemon=True).start()
    return future
