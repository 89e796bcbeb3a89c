"""What was measured, as benchmarks/results.md and its pictures."""

import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from jinja2 import Environment, FileSystemLoader

from benchmarks import arithmetic, charts
from benchmarks.pipeline import Run
from benchmarks.script import ScriptRun

HERE = Path(__file__).parent
SCRIPT = "(a) the single script"
SAME_RECIPE = "(b) the pipeline, same recipe"
DEFAULT_RECIPE = "(c) the pipeline, default recipe"
VALIDATION_FRACTION = 0.2
SMALLEST_PROCESS = 20e6  # bytes; smaller ones are not told of


@dataclass(frozen=True)
class Data:
    """The data set that is measured on: images, their side in pixels, and classes."""

    name: str
    folder: Path
    train: int
    test: int
    side: int
    classes: int = 10

    @property
    def validated(self) -> int:
        """How many of the training images are held out."""
        return round(self.train * VALIDATION_FRACTION)


@dataclass(frozen=True)
class Measured:
    """The runs of each seed by what was run, what each round's imports took, and the parts."""

    data: Data
    seeds: list[int]
    rounds: dict[str, list[Any]]
    imports: list[dict[str, float]]
    parts: dict[str, Any]
    quick: bool

    def ratio(self, name: str) -> float:
        """Return the median of the rounds' ratios: what slows a round down slows both."""
        pairs = zip(self.rounds[name], self.rounds[SCRIPT], strict=True)
        return _median([run.wall / script.wall for run, script in pairs])

    def overhead(self) -> float:
        """Return the seconds of a run of the default recipe in which no script is at work."""
        pairs = zip(self.rounds[DEFAULT_RECIPE], self.imports, strict=True)
        return _median([run.overhead + sum(imports.values()) for run, imports in pairs])

    def accuracy(self, name: str) -> float:
        """Return the mean test accuracy over the seeds."""
        return statistics.mean(run.scores["accuracy"] for run in self.rounds[name])

    def epoch_seconds(self, name: str) -> float:
        """Return the median of an epoch; the first of each run, with the graph's making, is out."""
        return _median([each for run in self.rounds[name] for each in run.epoch_seconds[1:]])

    def images_per_second(self, name: str) -> float:
        """Return how many images are trained on in a second of an epoch, validation included."""
        return (self.data.train - self.data.validated) / self.epoch_seconds(name)

    def share_of_floor(self) -> float:
        """Return the least time for an epoch's arithmetic over the time that it took."""
        data = self.data
        least = arithmetic.epoch_seconds(
            data.train - data.validated,
            data.validated,
            arithmetic.flops(data.side, 1, data.classes),
            self.parts["gflops"],
        )
        return least / self.epoch_seconds(DEFAULT_RECIPE)


def write(folder: Path, measured: Measured) -> None:
    """Write results.md and its pictures into the folder."""
    images = folder / "images"
    images.mkdir(parents=True, exist_ok=True)
    runs = {name: _median_run(each) for name, each in measured.rounds.items()}
    charts.steps({name: _steps(run) for name, run in runs.items()}, images / "steps.png")
    charts.accuracies({name: run.epochs for name, run in runs.items()}, images / "accuracy.png")
    seen = {name: (run.began, run.watched) for name, run in runs.items()}
    charts.cores(seen, images / "cores.png")
    templates = Environment(loader=FileSystemLoader(HERE), keep_trailing_newline=True)  # noqa: S701
    text = templates.get_template("results.md.j2").render(
        machine=_machine(),
        date=datetime.now(UTC).date(),
        command="make bench-quick" if measured.quick else "make bench",
        seeds=measured.seeds,
        data=measured.data,
        whole=[_whole(name, measured) for name in measured.rounds],
        targets=_targets(measured),
        states=_states(runs),
        parts=_part_rows(measured),
        memory=_memory(runs),
    )
    (folder / "results.md").write_text(text, encoding="utf-8")


def _median_run(runs: list[Any]) -> Any:
    return sorted(runs, key=lambda run: run.wall)[len(runs) // 2]


def _median(values: Sequence[float]) -> float:
    return float(statistics.median(values))


def _steps(run: ScriptRun | Run) -> dict[str, float]:
    if isinstance(run, ScriptRun):
        return {"the script": run.wall}
    return {**run.scripts, "all else": run.overhead}


def _whole(name: str, measured: Measured) -> dict[str, Any]:
    runs = measured.rounds[name]
    peaks = [max(p.peak_bytes for p in run.watched.processes.values()) for run in runs]
    return {
        "name": name,
        "wall": _median([run.wall for run in runs]),
        "ratio": measured.ratio(name),
        "accuracies": [run.scores["accuracy"] for run in runs],
        "accuracy": measured.accuracy(name),
        "peak_gb": _median(peaks) / 1e9,
    }


def _targets(measured: Measured) -> list[dict[str, Any]]:
    parts = measured.parts
    p95 = float(np.percentile(parts["latency"], 95))
    at_most = [
        ("(c) of (a), wall time", measured.ratio(DEFAULT_RECIPE), 0.30, "{:.2f}"),
        ("(b) of (a), wall time", measured.ratio(SAME_RECIPE), 0.85, "{:.2f}"),
        ("no work of a script in (c), their imports included", measured.overhead(), 12, "{:.1f} s"),
        ("PutObject to ExecutionStarted, p95", p95, 300, "{:.0f} ms"),
        ("Lambda zip", parts["zip"] / 1e6, 3, "{:.2f} MB"),
    ]
    at_least = [
        ("test accuracy of (c), mean", measured.accuracy(DEFAULT_RECIPE),
         measured.accuracy(SCRIPT), "{:.4f}"),
        ("training, of the arithmetic floor in float32", measured.share_of_floor(), 0.40, "{:.0%}"),
    ]  # fmt: skip
    return [
        {"name": name, "asked": f"{words} {form.format(asked)}", "found": form.format(found),
         "met": found <= asked if words == "at most" else found >= asked}
        for words, rows in (("at most", at_most), ("at least", at_least))
        for name, found, asked, form in rows
    ]  # fmt: skip


def _states(runs: dict[str, Any]) -> dict[str, Any]:
    pipelines = {name: run for name, run in runs.items() if isinstance(run, Run)}
    names = dict.fromkeys(name for run in pipelines.values() for name in run.states)
    rows = [(name, [run.states.get(name, 0.0) for run in pipelines.values()]) for name in names]
    told = [(name, seconds) for name, seconds in rows if max(seconds) >= 0.05]  # noqa: PLR2004
    return {"columns": list(pipelines), "rows": told}


def _part_rows(measured: Measured) -> list[tuple[str, str]]:
    parts = measured.parts
    p50, p95 = np.percentile(parts["latency"], [50, 95])
    times, jobs, s3 = len(parts["latency"]), parts["jobs"], parts["s3"]
    return [
        (
            "PutObject to ExecutionStarted",
            f"median {p50:.0f} ms, p95 {p95:.0f} ms ({times} x)",
        ),
        ("a state transition", f"{parts['transition']:.2f} ms"),
        ("a job that does nothing", f"median {_median(jobs):.2f} s ({len(jobs)} x)"),
        ("S3, a client's PutObject of 150 MB", f"{s3['put_object']:.0f} MB/s"),
        ("S3, a client's GetObject of 150 MB", f"{s3['get_object']:.0f} MB/s"),
        ("Lambda zip", f"{parts['zip'] / 1e6:.2f} MB"),
        ("Python's start and the Lambdas' import", f"{parts['import']:.2f} s"),
        *[
            (
                f"Python's start and the import of what {name} uses, after each round",
                f"{_median([imports[name] for imports in measured.imports]):.1f} s",
            )
            for name in measured.imports[0]
        ],
        *[
            (
                f"images a second of {name}, with validation",
                f"{measured.images_per_second(name):,.0f}",
            )
            for name in (SAME_RECIPE, DEFAULT_RECIPE)
        ],
        ('bfloat16 with `precision = "auto"`', "yes" if parts["bfloat16"] else "no"),
        ("matrix products of float32", f"{parts['gflops']:.0f} GFLOP/s"),
    ]


def _memory(runs: dict[str, Any]) -> list[tuple[str, int]]:
    peaks: dict[str, int] = {}
    for name, run in runs.items():
        for process in run.watched.processes.values():
            label = f"{name[:3]} {_label(process.command)}"
            peaks[label] = max(peaks.get(label, 0), process.peak_bytes)
    large = {label: peak for label, peak in peaks.items() if peak >= SMALLEST_PROCESS}
    return sorted(large.items(), key=lambda item: (item[0][:3], -item[1]))


def _label(command: list[str]) -> str:
    """Name a process by what it runs, without the folders of this machine."""
    words = [Path(word).name for word in command[:4] if not word.startswith("-")]
    return " ".join(words[:2]) or "?"


def _machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{psutil.cpu_count()} cores of {platform.machine()}, {memory:.0f} GiB, "
        f"Python {platform.python_version()}, {sys.platform}"
    )
