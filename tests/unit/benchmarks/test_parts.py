"""What the parts of the benchmark name is there."""

from pathlib import Path
from subprocess import CalledProcessError

import pytest

from benchmarks import memory, parts
from benchmarks.parts import SCRIPT_IMPORTS
from tests.support.paths import PROJECT


@pytest.mark.parametrize("module", ", ".join(SCRIPT_IMPORTS.values()).split(", "))
def test_a_script_whose_import_is_timed_exists(module: str) -> None:
    assert (PROJECT / "ml_scripts" / f"{module.replace('.', '/')}.py").is_file()


def test_a_process_that_fails_is_measured_by_nobody(tmp_path: Path) -> None:
    with pytest.raises(CalledProcessError):
        parts._import_seconds(tmp_path, "no_such_module_as_this")
    with pytest.raises(CalledProcessError):
        memory.run(tmp_path, "no_such_script.py")
