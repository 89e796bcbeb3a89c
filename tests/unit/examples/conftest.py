"""The scripts of the example, as a job has them: laid over ml_scripts, and unpacked."""

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from state_machine import config
from state_machine.artifacts import bundle
from tests.support.paths import PROJECT

EXAMPLE = PROJECT / "examples" / "breast_cancer"


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data set, written by the command that the guide names."""
    folder = tmp_path_factory.mktemp("files") / "new"
    subprocess.run([sys.executable, EXAMPLE / "data.py", folder], check=True)
    return folder


@pytest.fixture(scope="session")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked code bundle."""
    packed = bundle.pack(config.load(EXAMPLE / "pipeline.toml").code.scripts, "bucket")
    folder = tmp_path_factory.mktemp("scripts")
    with tarfile.open(fileobj=io.BytesIO(packed.files[bundle.ARCHIVE])) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="session")
def run_script(scripts: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a script as a job does: its own process, and the base directory in its environment."""

    def run(base: Path, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(scripts / script), *arguments],
            env={"PATH": os.environ["PATH"], "SAGEMAKER_BASE_DIR": str(base)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run
