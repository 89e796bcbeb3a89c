"""The report's charts, as PNG files and as SVG that takes its text colour from the page."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from io import StringIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from history import Row

CHALLENGER, CHAMPION = "#2a78d6", "#e07b26"  # legible on white and on near-black
INK, PAGE_INK = "#010203", "currentColor"  # drawn in INK; the SVG then takes the page's colour
GRID = "#88888840"
MOST_ANNOTATED_CLASSES = 20
STYLE: dict[Any, Any] = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "font.size": 10,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "svg.fonttype": "none",  # text stays text: selectable, in the page's font
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def curves(history: Sequence[Row], best: int) -> Figure:
    """Draw loss and accuracy over the epochs, for training and validation, the best one marked."""
    epochs = [row["epoch"] for row in history]
    figure = Figure(figsize=(9, 3.4))
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for key, label, style in ((name, "training", "--"), (f"val_{name}", "validation", "-")):
            values = [row[key] for row in history]
            axes.plot(epochs, values, style, color=CHALLENGER, label=label, marker=".")
        axes.axvline(best, color=CHAMPION, linewidth=1, label="best epoch")
        axes.set(xlabel="epoch", ylabel=name)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(color=GRID)
        axes.legend()
    return figure


def confusion(matrix: np.ndarray) -> Figure:
    """Draw a confusion matrix[true, predicted]; each row's colours are its shares."""
    classes = len(matrix)
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    side = min(8.0, 2.5 + 0.45 * classes)
    figure = Figure(figsize=(side, side))
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set(xlabel="predicted class", ylabel="true class")
    if classes <= MOST_ANNOTATED_CLASSES:
        axes.set(xticks=range(classes), yticks=range(classes))
        _annotate(axes, matrix, shares)
    return figure


def per_class_bars(
    title: str, challenger: np.ndarray, champion: np.ndarray | None = None
) -> Figure:
    """Draw one value per class, (classes,) within 0 and 1, beside the champion's if any."""
    positions, width = np.arange(len(challenger)), 0.8 if champion is None else 0.4
    figure = Figure(figsize=(9, 3))
    axes = figure.subplots()
    offset = 0 if champion is None else width / 2
    axes.bar(positions - offset, challenger, width, color=CHALLENGER, label="new model")
    if champion is not None:
        axes.bar(positions + offset, champion, width, color=CHAMPION, label="champion")
        figure.legend(loc="outside upper right", ncols=2)
    axes.set(xlabel="class", ylabel=title, ylim=(0, 1))
    if len(challenger) <= MOST_ANNOTATED_CLASSES:
        axes.set_xticks(positions)
    axes.grid(axis="y", color=GRID)
    axes.set_axisbelow(True)
    return figure


def style() -> AbstractContextManager[None]:
    """Return the context in which figures are to be made and saved."""
    return mpl.rc_context(STYLE)


def save_png(figure: Figure, path: Path) -> None:
    """Write the chart as a PNG file on white."""
    figure.savefig(path, dpi=120, facecolor="white")


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


def _annotate(axes: Axes, matrix: np.ndarray, shares: np.ndarray) -> None:
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            color = "white" if shares[row, column] > 0.5 else "#222222"  # noqa: PLR2004
            axes.text(column, row, str(count), ha="center", va="center", color=color, fontsize=8)
