"""Which of the processes that were seen ran a script."""

import pytest

from benchmarks.processes import Seen, Watched


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
