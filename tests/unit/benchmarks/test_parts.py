"""What the parts of the benchmark name is there."""

import pytest

from benchmarks.parts import SCRIPT_IMPORTS
from tests.support.paths import PROJECT


@pytest.mark.parametrize("module", ", ".join(SCRIPT_IMPORTS.values()).split(", "))
def test_a_script_whose_import_is_timed_exists(module: str) -> None:
    assert (PROJECT / "ml_scripts" / f"{module.replace('.', '/')}.py").is_file()
