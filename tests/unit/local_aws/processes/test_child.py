"""Commands under the leash: what they end like, and that nothing of them is left."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from local_aws.processes import child
from tests.support.waiting import eventually

ENVIRONMENT = {"PATH": os.environ["PATH"]}

# A process, a child in its group, and a grandchild that has left the group.
FAMILY = """
import os, subprocess, sys, time
sleeper = [sys.executable, "-c", "import time; time.sleep(600)"]
subprocess.Popen(sleeper)
subprocess.Popen(sleeper, start_new_session=True)
print("started", flush=True)
time.sleep(600)
"""


def start(*command: str, stdout: int = subprocess.PIPE) -> child.Process:
    return child.start(list(command), env=ENVIRONMENT, cwd=Path.cwd(), stdout=stdout)


def start_family() -> tuple[child.Process, list[psutil.Process]]:
    process = start(sys.executable, "-c", FAMILY)
    assert process.stdout is not None
    assert process.stdout.readline() == b"started\n"
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) == 3
    return process, family


def gone(family: list[psutil.Process]) -> bool:
    return not any(member.is_running() for member in family)


@pytest.mark.parametrize("code", [0, 1, 7, 255])
def test_exit_code_is_passed_on(code: int) -> None:
    assert start("/bin/sh", "-c", f"exit {code}").wait(10) == code


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_death_by_signal_is_passed_on(number: int) -> None:
    assert start("/bin/sh", "-c", f"kill -{int(number)} $$").wait(10) == -number


def test_output_and_errors_go_to_stdout_and_stdin_is_empty() -> None:
    process = start("/bin/sh", "-c", "cat; echo out; echo err >&2")
    assert process.stdout is not None
    assert process.stdout.read() == b"out\nerr\n"
    assert process.wait(10) == 0


def test_environment_and_folder_are_the_given_ones(tmp_path: Path) -> None:
    process = child.start(
        ["/bin/sh", "-c", "echo $COLOUR; echo $HOME; pwd"],
        env={"COLOUR": "blue"},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.read().decode().split("\n") == ["blue", "", str(tmp_path), ""]


def test_command_that_does_not_exist() -> None:
    process = start("/no/such/command")
    assert process.stdout is not None
    assert process.stdout.read() == b"/no/such/command: No such file or directory\n"
    assert process.wait(10) == 127


def test_command_inherits_no_descriptor_but_the_three() -> None:
    listing = start(sys.executable, "-c", "import os; print(os.listdir('/proc/self/fd'))")
    if not Path("/proc/self/fd").exists():
        return
    assert listing.stdout is not None
    descriptors = listing.stdout.read()
    assert len(descriptors.split(b",")) == 4  # the three, and the one that lists


TWO_THAT_TELL = """
import os, signal
child = os.fork()
def told(*_):
    os.write(1, b"parent\\n" if child else b"child\\n")
    if child:
        os.waitpid(child, 0)
    os._exit(5)
signal.signal(signal.SIGTERM, told)
os.write(1, b"ready\\n")
while True:
    signal.pause()
"""


def test_signal_reaches_the_whole_group() -> None:
    process = start(sys.executable, "-c", TWO_THAT_TELL)
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == [b"ready\n", b"ready\n"]
    process.terminate_group()
    assert sorted(process.stdout.read().split()) == [b"child", b"parent"]
    assert process.wait(10) == 5


def test_signal_that_comes_before_the_command_is_not_lost() -> None:
    process = start("/bin/sleep", "600")

    process.terminate_group(signal.SIGTERM)

    assert process.wait(10) == -signal.SIGTERM


def test_command_may_ignore_sigterm_and_goes_on() -> None:
    process = start("/bin/sh", "-c", "trap '' TERM; echo ready; sleep 600")
    assert process.stdout is not None
    process.stdout.readline()
    process.terminate_group(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.2)
    process.kill_group()
    assert process.wait(10) == -signal.SIGKILL
    process.terminate_group()  # of what has ended: nothing happens


def test_kill_leaves_nothing() -> None:
    process, family = start_family()
    process.kill_group()
    assert process.wait(10) == -signal.SIGKILL
    assert gone(family)


def test_what_a_command_leaves_behind_ends_with_it() -> None:
    process, family = start_family()
    command = min(family, key=lambda member: member.create_time())
    command.terminate()
    assert process.wait(10) == -signal.SIGTERM
    assert gone(family)


def test_killed_supervisor_takes_its_command_along() -> None:
    if sys.platform != "linux":
        return
    process, family = start_family()
    command = psutil.Process(process.pid).children()[0]
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(10) == -signal.SIGKILL
    eventually(lambda: not command.is_running() or command.status() == psutil.STATUS_ZOMBIE)
    for member in family:
        if member.is_running():
            member.kill()


def test_nothing_outlives_a_killed_starter() -> None:
    """The starter is killed like a server by `kill -9`: it cannot clean up."""
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, FAMILY], stdout=subprocess.PIPE, text=True
    )
    assert starter.stdout is not None
    assert starter.stdout.readline() == "started\n"
    family = psutil.Process(starter.pid).children(recursive=True)
    assert len(family) == 4
    starter.kill()
    starter.wait()
    eventually(lambda: gone(family))
    starter.stdout.close()


STARTER = """
import os, sys, time
from pathlib import Path
from local_aws.processes import child
child.start([sys.executable, "-c", sys.argv[1]], env={}, cwd=Path.cwd(), stdout=1)
time.sleep(600)
"""


def test_end_all_waits_until_all_are_gone() -> None:
    families = [start_family() for _ in range(2)]
    child.end_all()
    for process, family in families:
        assert process.poll() == -signal.SIGKILL
        assert gone(family)


def test_a_server_that_has_many_files_open_starts_commands_as_well() -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    many = 1100  # select() takes no descriptor from 1,024 on
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(limits[0], many + 100), limits[1]))
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(many)]
    try:
        process = start("/bin/sh", "-c", "kill -TERM $$; sleep 600")
        assert process.wait(10) == -signal.SIGTERM
    finally:
        for descriptor in opened:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
