"""What may not be left when a fault is over: processes, half-written files, running executions."""

from pathlib import Path
from typing import Any

import psutil

from local_aws.client import EmbeddedAws
from tests.waiting import eventually


def assert_none(server: EmbeddedAws) -> None:
    """Wait until nothing of any job is left; a process or a file that stays fails the test."""
    eventually(lambda: _is_empty(job_processes(server.data_folder / "jobs")))
    _is_empty(_unfinished_files(server.data_folder / "jobs"))
    _is_empty(_running_executions(server.client("stepfunctions")))


def job_processes(folder: Path) -> list[psutil.Process]:
    """Return every process on this machine that works below the folder, orphans included."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(folder):
                found.append(process)
        except psutil.Error:  # ended meanwhile, or of another user
            continue
    return found


def _unfinished_files(folder: Path) -> list[Path]:
    """Return what the embedded AWS itself writes for a moment: archives and half downloads."""
    roots = [*folder.glob("*"), *folder.glob("*/127.*")]  # of several hosts each has its own
    patterns = ("tmp/*.tar.gz", "opt/**/.*.partial")
    return [path for root in roots for pattern in patterns for path in root.glob(pattern)]


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
