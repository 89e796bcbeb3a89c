"""The picture of docs/scale.md: how long the lines get, in the hours after the first upload."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib import pyplot as plt

from benchmarks.simulation.scenarios import HOUR, Outcome

POINTS = 500


def draw(outcomes: Mapping[str, list[Outcome]], hours: Mapping[str, float], path: Path) -> None:
    """Draw, for each load, how many executions are open in so many hours, each scenario a line."""
    figure, axes = plt.subplots(1, len(outcomes), figsize=(15, 5.5), layout="constrained")
    for axis, (load, of_it) in zip(axes, outcomes.items(), strict=True):
        for outcome in of_it:
            shown = np.linspace(0, min(outcome.end / HOUR, hours[load]), POINTS)
            axis.plot(shown, open_at(outcome, shown * HOUR), label=outcome.scenario.name)
        axis.set(title=f"{load} retrainings a day", xlabel="hours", yscale="symlog")
        axis.set_ylim(bottom=0)
        axis.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
    axes[0].set_ylabel("executions open, in each account")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def open_at(outcome: Outcome, seconds: np.ndarray) -> np.ndarray:
    """How many executions are open at each of the (n,) times, in seconds since the beginning."""
    started = np.sort([run.started for run in outcome.runs if run.started is not None])
    ended = np.sort(
        [run.ended for run in outcome.runs if run.started is not None and run.ended is not None]
    )
    begun = np.searchsorted(started, seconds, side="right")
    return np.asarray(begun - np.searchsorted(ended, seconds, side="right"))
