"""The report's charts, as PNG files and as SVG that takes its text colour from the page.

Each is as wide as a phone at its natural size: a page sets them side by side where it has room, and
their text stays readable where it has not.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from io import StringIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from fitting.history import Row

CHALLENGER, CHAMPION = "#2a78d6", "#e07b26"  # legible on white and on near-black
INK, PAGE_INK = "#010203", "currentColor"  # drawn in INK; the SVG then takes the page's colour
GRID = "#88888840"
SHARES = LinearSegmentedColormap.from_list("shares", [f"{CHALLENGER}00", CHALLENGER])
WIDTH = 4.5  # inches: 324 units of an SVG
SMALLEST_MARK, LARGEST_MARK = 6, 60  # areas in points
MOST_ANNOTATED_CLASSES = 20
MOST_LABELLED_CLASSES = 30
MOST_DRAWN_CELLS = 40 * 40  # a larger matrix is a picture inside the chart
STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": INK,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "grid.color": GRID,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.markersize": 4,
    "svg.fonttype": "none",  # text stays text: selectable, in the page's font
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def curve(history: Sequence[Row], name: str, best: int) -> Figure:
    """Draw the loss or the accuracy over the epochs, the best epoch marked."""
    epochs = [row["epoch"] for row in history]
    figure, axes = _chart(2.9)
    for key, label, style in ((name, "training", ".--"), (f"val_{name}", "validation", "o-")):
        axes.plot(epochs, [row[key] for row in history], style, color=CHALLENGER, label=label)
    axes.axvline(best, color=CHAMPION, linewidth=1, label=f"best epoch, {best}")
    axes.set(title=name.capitalize(), xlabel="epoch")
    axes.locator_params("x", integer=True)
    axes.legend(fontsize=9)
    return figure


def differences(gains: Sequence[tuple[str, float, float, float]], level: float) -> Figure:
    """Draw by how much the new model is better than the champion.

    Args:
        gains: of each metric its name, the gain in points and the two ends of its interval.
        level: of the intervals.
    """
    names, middle, low, high = zip(*gains, strict=True)
    rows = np.arange(len(names))
    figure, axes = _chart(0.9 + 0.27 * len(names))
    axes.axvline(0, color=INK, linewidth=1)
    axes.hlines(rows, low, high, color=CHALLENGER, linewidth=2.5)
    axes.plot(middle, rows, "o", color=CHALLENGER, markersize=6)
    axes.set_yticks(rows, names)
    axes.invert_yaxis()
    axes.set(
        title="Gain over the champion",
        xlabel=f"worse ← points, {level:.0%} interval → better",
    )
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    return figure


def confusion(matrix: np.ndarray) -> Figure:
    """Draw a confusion matrix[true, predicted].

    Each row's colours are the roots of its shares: one mistake in ten is to be seen.
    """
    classes = len(matrix)
    shares = np.sqrt(matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1))
    side = min(max(WIDTH, 1 + 0.33 * classes), 2 * WIDTH)
    figure, axes = _chart(side, side)
    axes.pcolormesh(
        shares, cmap=SHARES, vmin=0, vmax=1, rasterized=classes * classes > MOST_DRAWN_CELLS
    )
    axes.set(xlabel="predicted class", ylabel="true class", aspect="equal")
    axes.invert_yaxis()
    axes.grid(visible=False)
    if classes <= MOST_ANNOTATED_CLASSES:
        middles = np.arange(classes) + 0.5
        names = [str(number) for number in range(classes)]
        axes.set_xticks(middles, names)
        axes.set_yticks(middles, names)
        axes.tick_params(length=0)
        _annotate(axes, matrix, shares)
    return figure


def per_class_bars(
    title: str, challenger: np.ndarray, champion: np.ndarray | None = None
) -> Figure:
    """Draw one value per class, (classes,) within 0 and 1, beside the champion's if any."""
    positions, width = np.arange(len(challenger)), 0.8 if champion is None else 0.4
    figure, axes = _chart(2.5)
    offset = 0 if champion is None else width / 2
    axes.bar(positions - offset, challenger, width, color=CHALLENGER, label="new model")
    if champion is not None:
        axes.bar(positions + offset, champion, width, color=CHAMPION, label="champion")
        figure.legend(loc="outside upper right", ncols=2, fontsize=9)
    axes.set(title=title, xlabel="class", ylim=(0, 1))
    if len(challenger) <= MOST_LABELLED_CLASSES:
        axes.set_xticks(positions)
    axes.grid(visible=False, axis="x")
    return figure


def reliability(challenger: Sequence[dict], champion: Sequence[dict] | None = None) -> Figure:
    """Draw how often the models are right by how sure they are, from the bins of calibration.

    The marks' areas grow with the images of a bin: of one image there is not much to learn.
    """
    figure, axes = _chart(3.4)
    axes.plot([0, 1], [0, 1], ":", color=INK, linewidth=1, label="as sure as right")
    for bins, color, marker, label in (
        (champion or (), CHAMPION, "s", "champion"),
        (challenger, CHALLENGER, "o", "new model"),
    ):
        filled = [each for each in bins if each["count"]]
        if filled:
            sure, right, counts = (
                np.array([each[key] for each in filled])
                for key in ("confidence", "accuracy", "count")
            )
            axes.plot(sure, right, color=color, linewidth=1)
            sizes = SMALLEST_MARK + LARGEST_MARK * np.sqrt(counts / counts.max())
            axes.scatter(sure, right, sizes, color=color, marker=marker, label=label)
    axes.set(
        title="How often it is right",
        xlabel="how sure the model is",
        xlim=(0, 1.02),
        ylim=(0, 1.02),
    )
    axes.legend(fontsize=9, markerscale=0.6)
    return figure


def confidence(bins: Sequence[dict], what: str) -> Figure:
    """Draw how many images, or rows, the model is how sure of, from the bins of calibration."""
    figure, axes = _chart(3.4)
    low = [each["low"] for each in bins]
    width = [each["high"] - each["low"] for each in bins]
    counts = [each["count"] for each in bins]
    axes.bar(low, counts, width, align="edge", color=CHALLENGER, edgecolor="#ffffff80")
    axes.set(title="How sure it is", xlabel="how sure the model is", ylabel=what, xlim=(0, 1))
    axes.grid(visible=False, axis="x")
    return figure


def style() -> AbstractContextManager[None]:
    """Return the context in which figures are to be made and saved."""
    return mpl.rc_context(STYLE)


def save_png(figure: Figure, path: Path) -> None:
    """Write the chart as a PNG file on white."""
    figure.savefig(path, dpi=120, facecolor="white")
    figure.set_layout_engine("none")  # its parts have their places now, for the SVG too


def to_svg(figure: Figure, name: str) -> str:
    """Return the chart as an <svg> element, transparent, with its text in the page's colour.

    Args:
        figure: the chart.
        name: makes its ids differ from those of the other charts of a page.
    """
    text = StringIO()
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None})
    svg = text.getvalue()
    return svg[svg.index("<svg") :].replace(INK, PAGE_INK)


def _chart(height: float, width: float = WIDTH) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height))
    return figure, figure.subplots()


def _annotate(axes: Axes, matrix: np.ndarray, shares: np.ndarray) -> None:
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            color = "white" if shares[row, column] > 0.6 else INK  # noqa: PLR2004
            at = (column + 0.5, row + 0.5)
            axes.text(*at, str(count), ha="center", va="center", color=color, fontsize=8)
