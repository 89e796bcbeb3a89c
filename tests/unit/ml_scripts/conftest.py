"""Real digits through the real scripts: what the tests of ml_scripts share."""

import gzip
import os
import signal
import struct
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.datasets import load_digits

from tests.support.paths import ML_SCRIPTS

sys.path.insert(0, str(ML_SCRIPTS))  # the scripts import each other by plain name

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}
EPOCHS = 4
RECIPE = ["--network", "normalized", "--schedule", "one-cycle", "--learning-rate", "0.005"]
TRAINING = [*RECIPE, "--epochs", str(EPOCHS), "--batch-size", "32"]


def _idx_bytes(array: np.ndarray) -> bytes:
    """Return an array as the content of an IDX file."""
    header = bytes([0, 0, CODES[array.dtype.str[1:]], array.ndim])
    shape = struct.pack(f">{array.ndim}I", *array.shape)
    return header + shape + array.astype(array.dtype.newbyteorder(">")).tobytes()


def _script_environment(base: Path) -> dict[str, str]:
    python = str(Path(sys.executable).parent)
    return {
        "PATH": f"{python}{os.pathsep}{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", "/"),
        "SAGEMAKER_BASE_DIR": str(base),
    }


@pytest.fixture(scope="session")
def ml_scripts() -> Path:
    return ML_SCRIPTS


@pytest.fixture(scope="session")
def idx_bytes() -> Callable[[np.ndarray], bytes]:
    return _idx_bytes


@pytest.fixture(scope="session")
def script_environment() -> Callable[[Path], dict[str, str]]:
    """The little environment that a job gets, for its base directory."""
    return _script_environment


@pytest.fixture(scope="session")
def run_script() -> Callable[..., subprocess.CompletedProcess]:
    """Run a script as a job does: its own process, and the base directory in its environment.

    `script` is a file on top, or a module of a room.
    """

    def run(base: Path, script: str, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, *_how(script), *arguments],
            env={**_script_environment(base), "PYTHONPATH": str(ML_SCRIPTS)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def _how(script: str) -> list[str]:
    return [str(ML_SCRIPTS / script)] if script.endswith(".py") else ["-m", script]


@pytest.fixture(scope="session")
def digits() -> dict[str, np.ndarray]:
    """scikit-learn's 1,797 digits, 8 x 8, by the names of MNIST's files."""
    bunch = load_digits()
    images, labels = (bunch.images * 15).astype(np.uint8), bunch.target.astype(np.uint8)
    return {
        "train-images-idx3-ubyte.gz": images[:1437],
        "train-labels-idx1-ubyte.gz": labels[:1437],
        "t10k-images-idx3-ubyte.gz": images[1437:],
        "t10k-labels-idx1-ubyte.gz": labels[1437:],
    }


@pytest.fixture(scope="session")
def write_dataset() -> Callable[[Path, dict[str, np.ndarray]], Path]:
    """Write arrays as gzipped IDX files into a folder."""

    def write(folder: Path, arrays: dict[str, np.ndarray]) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, array in arrays.items():
            (folder / name).write_bytes(gzip.compress(_idx_bytes(array), compresslevel=1))
        return folder

    return write


@pytest.fixture(scope="session")
def preprocessed(tmp_path_factory, digits, write_dataset, run_script) -> Path:
    """A base directory after the Preprocess step."""
    base = tmp_path_factory.mktemp("preprocess")
    write_dataset(base / "processing/source_data", digits)
    result = run_script(base, "preprocessing.py", "--validation-fraction", "0.2", "--seed", "42")
    assert result.returncode == 0, result.stderr
    return base


@pytest.fixture(scope="session")
def training_base(tmp_path_factory, preprocessed) -> Callable[[], Path]:
    """Make a new base directory with the channels of the Train step."""

    def make() -> Path:
        base = tmp_path_factory.mktemp("train")
        (base / "input/data").mkdir(parents=True)
        for channel in ("train", "validation"):
            (base / "input/data" / channel).symlink_to(preprocessed / "processing" / channel)
        return base

    return make


@pytest.fixture(scope="session")
def trained(training_base, run_script) -> SimpleNamespace:
    """A training that nothing interrupted: its base directory and its output."""
    base = training_base()
    result = run_script(base, "main.py", *TRAINING)
    assert result.returncode == 0, result.stderr
    return SimpleNamespace(
        base=base, arguments=TRAINING, output=result.stdout, errors=result.stderr
    )


@pytest.fixture(scope="session")
def killed_and_resumed(training_base, run_script) -> SimpleNamespace:
    """The same training, killed after its second epoch and started again."""
    base = training_base()
    process = subprocess.Popen(
        [sys.executable, str(ML_SCRIPTS / "main.py"), *TRAINING],
        env=_script_environment(base),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        for line in process.stdout:
            if line.startswith("epoch=2/"):
                os.killpg(process.pid, signal.SIGKILL)
                break
    assert not (base / "model/best_checkpoint.keras").exists()
    result = run_script(base, "main.py", *TRAINING)
    assert result.returncode == 0, result.stderr
    return SimpleNamespace(base=base, output=result.stdout, errors=result.stderr)


@pytest.fixture(scope="session")
def model_archive(trained, tmp_path_factory) -> Path:
    """The trained model folder as SageMaker packs it, with output.tar.gz beside it."""
    folder = tmp_path_factory.mktemp("archive")
    for name, packed in (("model.tar.gz", "model"), ("output.tar.gz", "output/data")):
        with tarfile.open(folder / name, "w:gz") as tar:
            tar.add(trained.base / packed, arcname=".")
    return folder / "model.tar.gz"
