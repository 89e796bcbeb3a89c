"""How much memory preprocessing and training take, at one and at ten times Fashion-MNIST.

    python benchmarks/memory.py [--times 1 10] [--epochs 1]

Runs the scripts as their jobs do, one after the other, on made-up images of Fashion-MNIST's shape
and number (55 MB, and 549 MB), and prints the peak of each process's resident memory. An epoch goes
over all images, fitted and validated, once. The training at ten times takes minutes.
"""

import argparse
import gzip
import os
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

ML_SCRIPTS = Path(__file__).parents[1] / "ml_scripts"
IMAGES = {"train": 60_000, "t10k": 10_000}
SIDE, CLASSES = 28, 10
TOLD = 20  # different images, so that they compress and the network has something to learn

# A process begins with the peak of the one that started it, so a small one stands between.
MEASURE = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=sys.stderr)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


class Measured(NamedTuple):
    """What a process took."""

    peak: int  # bytes
    seconds: float


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description="Peak memory of preprocessing and training.")
    parser.add_argument("--times", type=int, nargs="+", default=[1, 10], help="Fashion-MNIST")
    parser.add_argument("--epochs", type=int, default=1, help="of each training")
    arguments = parser.parse_args()
    found = {times: measure(times, arguments.epochs) for times in arguments.times}
    print(table(found))


def measure(times: int, epochs: int) -> dict[str, Measured]:
    """Return what each step takes on so many times Fashion-MNIST."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        write_data_set(base / "processing/source_data", times)
        preprocessing = run(base, "preprocessing.py")
        (base / "input").mkdir()
        (base / "input/data").symlink_to(base / "processing")
        training = run(base, "main.py", "--epochs", str(epochs))
    return {"preprocessing": preprocessing, "training": training}


def write_data_set(folder: Path, times: int) -> None:
    """Write gzipped IDX files of so many times Fashion-MNIST."""
    folder.mkdir(parents=True)
    images = np.random.default_rng(0).integers(0, 256, (TOLD, SIDE, SIDE), np.uint8)
    labels = np.arange(TOLD, dtype=np.uint8) % CLASSES
    for part, count in IMAGES.items():
        files = {
            "images-idx3": (struct.pack(">4I", 0x803, times * count, SIDE, SIDE), images),
            "labels-idx1": (struct.pack(">2I", 0x801, times * count), labels),
        }
        for kind, (header, values) in files.items():
            once = gzip.compress(values.tobytes() * (count // TOLD), 1)
            content = gzip.compress(header) + once * times  # a gzip file may have many members
            (folder / f"{part}-{kind}-ubyte.gz").write_bytes(content)


def run(base: Path, script: str, *arguments: str) -> Measured:
    """Run a script as its job does; return what it took."""
    started = time.monotonic()
    command = [sys.executable, "-c", MEASURE, sys.executable, str(ML_SCRIPTS / script), *arguments]
    environment = {**os.environ, "SAGEMAKER_BASE_DIR": str(base)}
    said = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return Measured(int(said.stdout) * 1024, time.monotonic() - started)


def table(found: dict[int, dict[str, Measured]]) -> str:
    """Return the peaks as a table in Markdown; the last column compares the last with the first."""
    first, *_, last = found
    sizes = [times * sum(IMAGES.values()) * SIDE * SIDE for times in found]
    heads = [f"{times} x ({size / 1e6:.0f} MB)" for times, size in zip(found, sizes, strict=True)]
    lines = [f"| peak memory | {' | '.join(heads)} | {last} x / {first} x |"]
    lines.append("|---" * (len(found) + 2) + "|")
    for step in found[first]:
        peaks = [found[times][step].peak for times in found]
        took = [
            f"{found[times][step].peak / 1e6:.0f} MB, {found[times][step].seconds:.0f} s"
            for times in found
        ]
        lines.append(f"| {step} | {' | '.join(took)} | {peaks[-1] / peaks[0]:.2f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
