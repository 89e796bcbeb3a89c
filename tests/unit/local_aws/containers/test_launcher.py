"""The launcher: how a contained command ends, and what it is told, as without a container."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local_aws.containers.containers import Containers, memory, own, start
from local_aws.containers.permission import refusal
from local_aws.processes import child

pytestmark = pytest.mark.skipif(bool(refusal()[0]), reason="namespaces are forbidden here")


def started(folder: Path, script: str) -> child.Process:
    (folder / "shared").mkdir()
    mounts = [memory("/tmp", 16), own(folder / "shared", "/opt/ml")]
    return start(
        ["/bin/bash", "-c", script],
        env={"PATH": os.environ["PATH"]},
        cwd=folder,
        stdout=subprocess.PIPE,
        box=Containers(folder / "data").box(mounts, "/opt/ml"),
    )


def said(process: child.Process) -> bytes:
    assert process.stdout is not None
    with process.stdout as output:
        return output.read()


@pytest.mark.parametrize(
    ("script", "code"), [("exit 7", 7), ("kill -9 $$", -9), ("kill -TERM $$", -15), ("true", 0)]
)
def test_a_command_ends_as_it_does_alone(tmp_path: Path, script: str, code: int) -> None:
    process = started(tmp_path, script)
    said(process)
    assert process.wait(20) == code


def test_a_signal_reaches_the_whole_group(tmp_path: Path) -> None:
    process = started(
        tmp_path, "trap 'echo told; exit 3' TERM; echo ready; while :; do sleep 0.02; done"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.terminate_group(signal.SIGTERM)
    assert said(process).endswith(b"told\n")  # a shell may tell of its child first
    assert process.wait(20) == 3


def test_a_command_that_is_not_there_is_named(tmp_path: Path) -> None:
    process = start(
        ["nothing-of-this-name"],
        env={"PATH": "/usr/bin"},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        box=Containers(tmp_path / "data").box([memory("/tmp", 1)], "/"),
    )
    assert said(process) == b"nothing-of-this-name: No such file or directory\n"
    assert process.wait(20) == 127


def test_a_container_that_cannot_be_made_says_why(tmp_path: Path) -> None:
    process = start(
        ["true"],
        env={},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        box=Containers(tmp_path / "data").box([own(tmp_path / "gone", "/opt/ml")], "/"),
    )
    assert b"the container cannot be made: " in said(process)
    assert process.wait(20) == 125


def test_nothing_is_left_of_the_container(tmp_path: Path) -> None:
    before = Path("/proc/self/mounts").read_text(), sorted(Path("/opt").iterdir())
    process = started(tmp_path, "touch made; setsid sleep 600 & exit 0")
    said(process)
    assert process.wait(20) == 0
    assert (tmp_path / "shared/made").exists()
    assert (Path("/proc/self/mounts").read_text(), sorted(Path("/opt").iterdir())) == before


def test_the_running_python_runs_in_it(tmp_path: Path) -> None:
    process = started(tmp_path, f"{sys.executable} -c 'import ssl, sqlite3; print(1)'")
    assert said(process) == b"1\n"
