"""Every end of a child process but exit code 0 is an error that says which."""

import os
import sys
from pathlib import Path

import pytest

from state_machine.processes import ProcessFailedError, run


def python(code: str, timeout: float | None = None) -> bytes:
    return run([sys.executable, "-c", code], "the work", env=os.environ, timeout=timeout)


def test_what_was_printed_is_returned() -> None:
    assert python("print('done')") == b"done\n"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; sys.exit(3)", "the work failed with exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", "the work was killed by SIGKILL"),
        ("import os; os.kill(os.getpid(), 40)", "the work was killed by signal 40"),
    ],
)
def test_any_other_end_is_an_error(code: str, said: str) -> None:
    with pytest.raises(ProcessFailedError, match=said):
        python(code)


def test_the_last_lines_are_kept_the_errors_behind_the_rest() -> None:
    code = "import sys; print('err', file=sys.stderr); print('out\\n' * 30); sys.exit(1)"
    with pytest.raises(ProcessFailedError) as raised:
        python(code)
    assert raised.value.lines[-2:] == ["out", "err"]
    assert len(raised.value.lines) < 30


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing")
    expected = f"the work could not be started: {missing}: No such file or directory"
    with pytest.raises(ProcessFailedError, match=expected):
        run([missing], "the work", env={})


def test_one_that_takes_too_long_is_ended() -> None:
    with pytest.raises(ProcessFailedError, match=r"the work took longer than 0\.5 s"):
        python("import time; time.sleep(600)", timeout=0.5)
