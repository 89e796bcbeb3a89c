"""Whose a data folder is, right after its server was killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local_aws.server import ownership
from tests.support.paths import PROJECT

# A server that is killed while it starts a command: between fork and exec the child has the lock.
SERVER = """
import os, sys, time
from pathlib import Path
from local_aws.server import ownership
folder = Path(sys.argv[1])
ownership.claim(folder)
ownership.announce(folder, ownership.this_process("http://127.0.0.1:1", "us-east-1"))
if os.fork() == 0:
    sys.stdout.close()
    time.sleep(1)
    os._exit(0)
print("started", flush=True)
time.sleep(600)
"""


def killed_server(folder: Path) -> None:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, str(folder)], cwd=PROJECT, stdout=subprocess.PIPE
    )
    assert server.stdout is not None
    with server.stdout as output:
        assert output.readline() == b"started\n"
    assert ownership.is_claimed(folder)
    os.kill(server.pid, signal.SIGKILL)
    server.wait()


def test_a_folder_is_free_when_its_server_is_dead_whatever_the_server_had_just_started(
    tmp_path: Path,
) -> None:
    killed_server(tmp_path)

    assert not ownership.is_claimed(tmp_path)


def test_the_next_server_takes_the_folder_of_a_dead_one(tmp_path: Path) -> None:
    killed_server(tmp_path)

    ownership.claim(tmp_path)

    assert ownership.is_claimed(tmp_path)


@pytest.mark.parametrize("content", ["", "{x", "99999999", "0", "-1", "12.5", "8080\n"])
def test_a_port_that_cannot_be_read_is_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "server.port").write_text(content)
    assert ownership.last_port(tmp_path) == (8080 if content == "8080\n" else 0)
