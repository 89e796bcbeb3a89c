"""The benchmark's pictures."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmarks.processes import Watched

COLOURS = ("#2a78d6", "#e07b26", "#3a9a5b", "#8a5bb5", "#b5485b", "#777777")
DPI = 110


def steps(runs: dict[str, dict[str, float]], path: Path) -> None:
    """Draw the time of each step, one bar for each of the named runs; seconds by step."""
    figure, (axes,) = _new(1.0 + 0.6 * len(runs))
    names = list(dict.fromkeys(name for run in runs.values() for name in run))
    for row, run in enumerate(runs.values()):
        left = 0.0
        for name, colour in zip(names, COLOURS, strict=False):
            seconds = run.get(name, 0.0)
            axes.barh(row, seconds, left=left, color=colour, label="" if row else name)
            left += seconds
        axes.text(left, row, f" {left:.0f} s", va="center")
    for name, colour in zip(names, COLOURS, strict=False):
        axes.barh(0, 0, color=colour, label=name)
    axes.set_yticks(range(len(runs)), list(runs))
    axes.invert_yaxis()
    axes.set_xlabel("seconds")
    handles, labels = axes.get_legend_handles_labels()
    by_name = dict(zip(labels, handles, strict=True))
    axes.legend(by_name.values(), by_name, ncols=len(names), loc="lower center",
                bbox_to_anchor=(0.5, 1), frameon=False)  # fmt: skip
    figure.savefig(path, dpi=DPI)


def accuracies(runs: dict[str, Sequence[tuple[float, float]]], path: Path) -> None:
    """Draw the validation accuracy over the time since the start; (seconds, accuracy)."""
    figure, (axes,) = _new(3.2)
    for (name, epochs), colour in zip(runs.items(), COLOURS, strict=False):
        axes.plot(*zip(*epochs, strict=True), "o-", color=colour, label=name)
    axes.set_xlabel("seconds since the start")
    axes.set_ylabel("validation accuracy")
    axes.grid(color="#88888840")
    axes.legend(frameon=False, loc="lower right")
    figure.savefig(path, dpi=DPI)


def cores(runs: dict[str, tuple[float, Watched]], path: Path) -> None:
    """Draw how many cores each run had in use over time; `began` and what was seen."""
    figure, axes = _new(1.4 * len(runs), rows=len(runs))
    for panel, (name, (began, seen)), colour in zip(axes, runs.items(), COLOURS, strict=False):
        times = [at - began for at, _ in seen.cpu]
        panel.fill_between(times, [used for _, used in seen.cpu], step="pre", color=colour, lw=0)
        panel.set_title(name, loc="left", fontsize=10)
        panel.set_ylabel("cores")
    axes[-1].set_xlabel("seconds since the start")
    figure.savefig(path, dpi=DPI)


def _new(height: float, rows: int = 1) -> tuple[Figure, list[Any]]:
    figure = Figure(figsize=(8, height), layout="constrained", facecolor="white")
    axes = list(figure.subplots(rows, sharex=True, squeeze=False)[:, 0])
    for each in axes:
        each.spines[["top", "right"]].set_visible(False)
    return figure, axes
