"""`python -m benchmarks.containers`: how long a child process takes to start and to end.

Once as any child process of the embedded AWS, once in the container of a job.
"""

import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from local_aws.containers.containers import Box, start
from local_aws.containers.permission import find_containers
from local_aws.sagemaker.container import Container, Runtime

ROUNDS = 40


def main() -> None:
    """Print the two medians, in milliseconds, and what lies between them."""
    with tempfile.TemporaryDirectory() as folder:
        print(report(Path(folder)))


def report(folder: Path, rounds: int = ROUNDS) -> str:
    """Measure in the folder; return one line, which says why where there are no containers."""
    containers, reason = find_containers(folder)
    if containers is None:
        return f"no containers here: {reason}"
    runtime = Runtime(folder / "runtime", containers)
    runtime.build()
    container = Container(folder / "job", runtime)
    container.create()
    plain, contained = _medians(folder, container.box({"algo-1": "127.0.0.1"}), rounds)
    more = contained - plain
    return f"alone {plain:.1f} ms, in a container {contained:.1f} ms: {more:+.1f} ms"


def _medians(folder: Path, box: Box | None, rounds: int) -> tuple[float, float]:
    """Return the medians of both; they take turns, so that what else runs meets them alike."""
    plain, contained = [], []
    for _ in range(rounds):
        plain.append(_milliseconds(folder, None))
        contained.append(_milliseconds(folder, box))
    return statistics.median(plain), statistics.median(contained)


def _milliseconds(folder: Path, box: Box | None) -> float:
    begun = time.perf_counter()
    process = start(["true"], env={}, cwd=folder, stdout=subprocess.DEVNULL, box=box)
    code = process.wait()
    assert code == 0, code
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
