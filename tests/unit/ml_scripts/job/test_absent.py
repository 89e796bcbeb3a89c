"""Libraries are imported without what they would import for nobody here."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("fitting.tensorflow_setup", ["matplotlib", "pandas", "sklearn"]),
        ("scoring.metrics", ["pandas", "tensorflow"]),
    ],
)
def test_they_are_not_imported_but_can_be(ml_scripts, module, absent):
    code = f"import sys, {module}; print([n for n in {absent} if n in sys.modules])"
    ended = subprocess.run(
        [sys.executable, "-c", f"{code}; import {', '.join(absent)}"],
        cwd=ml_scripts,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.stdout, ended.returncode) == ("[]\n", 0), ended.stderr
