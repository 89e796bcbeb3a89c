"""What strikes a job's container from outside."""

import random
import re
import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil

from local_aws.client import EmbeddedAws
from tests.faults.leaks import job_processes
from tests.functional.sagemaker_requests import Account
from tests.support.waiting import eventually

_SUPERVISORS = ("/processes/leash.py", "/containers/launcher.py")
_EPOCH = re.compile(r"^epoch=(\d+)/", re.MULTILINE)


def kill_script(account: Account, job: str, script: str, *, whole: bool = False) -> None:
    """kill -9 the process that runs the script; with `whole`, every process of the container."""
    struck = eventually(lambda: _running(account, job, script), timeout=60, every=0.01)
    if whole:
        struck = [p for p in job_processes(_folder(account, job)) if not _is_supervisor(p)]
    for process in struck:
        with suppress(psutil.NoSuchProcess):  # it fell with the one before
            process.send_signal(signal.SIGKILL)


def kill_function(server: EmbeddedAws, function: str) -> None:
    """kill -9 the Lambda's process; without one this fails the test."""
    found = job_processes(server.data_folder / "lambdas" / function)
    struck = [process for process in found if not _is_supervisor(process)]
    assert struck
    for process in struck:
        process.send_signal(signal.SIGKILL)


def finished_epochs(account: Account, job: str) -> list[int]:
    """Return the epochs that the training job's log tells of."""
    return [int(number) for number in _EPOCH.findall(account.job_log(job))]


def let_pass(chance: random.Random, longest: float) -> None:
    """Let a random time pass: no condition is waited for, the moment itself is what is tested."""
    time.sleep(chance.uniform(0, longest))


def _running(account: Account, job: str, script: str) -> list[psutil.Process]:
    found = []
    for process in job_processes(_folder(account, job)):
        try:
            if script in process.cmdline() and not _is_supervisor(process):
                found.append(process)
        except psutil.Error:
            continue
    return found


def _folder(account: Account, job: str) -> Path:
    return account.aws.data_folder / "jobs" / job


def _is_supervisor(process: psutil.Process) -> bool:
    """Tell whether it stands for the machine below the container, which a fault in it spares."""
    try:
        return any(part.endswith(_SUPERVISORS) for part in process.cmdline())
    except psutil.Error:
        return True
