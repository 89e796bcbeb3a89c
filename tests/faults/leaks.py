"""What may not be left when a fault is over: processes, half-written files, running executions."""

import os
from pathlib import Path
from typing import Any

import psutil

from local_aws.client import EmbeddedAws
from tests.support.waiting import eventually


def assert_none(server: EmbeddedAws) -> None:
    """Wait until nothing of any job is left; a process or a file that stays fails the test."""
    eventually(lambda: _is_empty(job_processes(server.data_folder / "jobs")))
    eventually(lambda: _is_empty(unfinished_files(server.data_folder / "jobs")))
    _is_empty(_running_executions(server.client("stepfunctions")))


def job_processes(folder: Path) -> list[psutil.Process]:
    """Return every process on this machine that works below the folder, orphans included.

    What runs in namespaces works in folders of its own; its supervisor works below the folder.
    """
    found = {}
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(folder):
                family = [process, *process.children(recursive=True)]
                found.update({each.pid: each for each in family})
        except psutil.Error:  # ended meanwhile, or of another user
            continue
    return list(found.values())


def unfinished_files(folder: Path) -> list[Path]:
    """Return what the embedded AWS itself writes for a moment: archives and half downloads.

    A job's folder may go while it is looked at: the job is Completed an instant before.
    """
    return [
        Path(parent, name)
        for parent, _, names in os.walk(folder)  # unlike glob, it passes over what has gone
        for name in names
        if (name.endswith(".tar.gz") and Path(parent).name == "tmp")
        or (name.startswith(".") and name.endswith(".partial"))
    ]


def _running_executions(states: Any) -> list[str]:
    machines = states.list_state_machines()["stateMachines"]
    return [
        execution["executionArn"]
        for machine in machines
        for execution in states.list_executions(
            stateMachineArn=machine["stateMachineArn"], statusFilter="RUNNING"
        )["executions"]
    ]


def _is_empty(left: list[Any]) -> bool:
    assert left == []
    return True
