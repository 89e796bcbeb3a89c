"""One measured run of the single script, `benchmarks/monolith.py`."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import Watched, watched

_VALIDATED = re.compile(r"val_accuracy: ([\d.]+)")


@dataclass(frozen=True)
class ScriptRun:
    """Wall time in seconds, scores on the test images, and each epoch's validation accuracy.

    `epochs` holds (seconds since the start, validation accuracy).
    """

    wall: float
    scores: dict[str, float]
    epochs: list[tuple[float, float]]
    watched: Watched
    began: float  # seconds since 1970


def run(data: Path, seed: int) -> ScriptRun:
    """Run the script on the folder's data set."""
    with tempfile.TemporaryDirectory() as output:
        command = ["-m", "benchmarks.monolith", "--data", str(data), "--output", output]
        began, clock = time.time(), time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-u", *command, "--seed", str(seed)],
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "2"},
            stdout=subprocess.PIPE,
            text=True,
        )
        epochs = []
        with process, watched(process.pid) as seen:
            for line in process.stdout or ():
                if found := _VALIDATED.search(line):
                    epochs.append((time.monotonic() - clock, float(found[1])))
            if process.wait():
                raise subprocess.CalledProcessError(process.returncode, command)
        metrics = json.loads(Path(output, "evaluation_metrics.json").read_text(encoding="utf-8"))
        wall = time.monotonic() - clock
    scores = {name: float(metrics[name]) for name in ("accuracy", "loss")}
    return ScriptRun(wall, scores, epochs, seen, began)
