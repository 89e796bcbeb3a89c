"""The training on two hosts that nothing watches over, connected by TF_CONFIG of its own making."""

import os
import shutil
import signal
import subprocess
import sys

import pytest

HOSTS = ["127.0.0.1", "127.0.0.2"]
SECONDS = 120
pytestmark = pytest.mark.slow


@pytest.fixture
def start(ml_scripts, script_environment):
    """Start the training on both hosts: `start(bases, *arguments)` -> two processes."""
    started = []

    def start(bases, *arguments):
        for host, base in zip(HOSTS, bases, strict=True):
            environment = script_environment(base)
            environment |= {"SM_HOSTS": str(HOSTS).replace("'", '"'), "SM_CURRENT_HOST": host}
            process = subprocess.Popen(
                [sys.executable, str(ml_scripts / "main.py"), *arguments],
                env=environment,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            started.append(process)
        return started

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("lost", [0, 1])
def test_a_host_that_loses_the_other_ends_by_itself(training_base, start, lost):
    bases = [training_base(), training_base()]
    processes = start(bases, "--epochs=500", "--batch-size=32")
    for process in processes:
        assert next(line for line in process.stdout if line.startswith("epoch="))

    os.killpg(processes[lost].pid, signal.SIGKILL)

    left = 1 - lost
    processes[left].communicate(timeout=SECONDS)
    assert processes[left].returncode == 1
    failure = (bases[left] / "output/failure").read_text()
    assert failure.startswith("another host of this job is gone")


def test_hosts_that_would_go_on_from_different_epochs_refuse(training_base, start, trained):
    bases = [training_base(), training_base()]
    shutil.copytree(trained.base / "checkpoints", bases[0] / "checkpoints")

    processes = start(bases, *trained.arguments)

    for process in processes:
        process.communicate(timeout=SECONDS)
    assert [process.returncode for process in processes] == [1, 1]
    assert [(base / "output/failure").read_text() for base in bases] == [
        "the last finished epoch is 4 on this host and 2 in the mean of all",
        "the last finished epoch is 0 on this host and 2 in the mean of all",
    ]
