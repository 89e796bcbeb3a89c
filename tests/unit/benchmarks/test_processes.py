"""Which of the processes that were seen ran a script."""

import subprocess
import sys
from subprocess import PIPE

import pytest

from benchmarks.processes import Seen, Watched, watched
from tests.support.waiting import eventually


@pytest.mark.parametrize(
    "command",
    [
        ["/runtime/bin/python", "main.py", "--epochs", "3"],
        ["/runtime/bin/python", "--", "main.py", "--epochs", "3"],  # SageMaker's training toolkit
        ["python", "/code/main.py"],
    ],
)
def test_a_script_is_known_by_the_file_that_python_runs(command: list[str]) -> None:
    training, toolkit = (
        Seen(words, started=1.0, last_seen=4.5)
        for words in (command, ["python", "train", "main.py"])
    )
    watched = Watched({1: training, 2: toolkit, 3: Seen(["python"], 1.0, 1.0)})
    assert watched.running("main.py") == [training]
    assert training.seconds == 3.5


def test_what_a_process_used_before_is_no_part_of_what_is_watched() -> None:
    command = [sys.executable, "-c", "sum(range(10**7)); print(flush=True); input()"]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE) as busy_before:
        busy_before.stdout.readline()  # type: ignore[union-attr]
        with watched(busy_before.pid) as found:
            eventually(lambda: len(found.cpu) >= 3)
        busy_before.communicate(b"\n")
    assert max(cores for _, cores in found.cpu) < 0.5
