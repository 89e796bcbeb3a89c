"""A training's curves as options of ECharts: one chart for each figure, two lines in each.

https://echarts.apache.org/en/option.html
"""

from collections.abc import Sequence
from typing import Any

from operations.executions.training_log import Epoch

FIGURES = ("loss", "accuracy")
# Readable on light and on dark paper; the second line is dashed, so colour does not say it alone.
_INK = "#7c8798"
_MOST_DOTS = 60  # more of them on a line hide it
_LINES = (("train", "", "#3b82f6", "solid"), ("validation", "val_", "#d97706", "dashed"))


def options(figure: str, epochs: Sequence[Epoch]) -> dict[str, Any]:
    """The chart of one figure, "loss" or "accuracy", over the epochs there will be."""
    last = max((epoch.of for epoch in epochs), default=1)
    axis = {"axisLabel": {"color": _INK}, "nameTextStyle": {"color": _INK}}
    return {
        "animation": False,
        "title": {
            "text": figure.capitalize(),
            "left": 0,
            "textStyle": {"color": _INK, "fontSize": 14},
        },
        "tooltip": {"trigger": "axis", "confine": True},
        "legend": {"top": 0, "right": 0, "textStyle": {"color": _INK}},
        # Room for the numbers of a loss that has run away.
        "grid": {"left": 8, "right": 12, "top": 44, "bottom": 24, "containLabel": True},
        "aria": {"enabled": True},
        "xAxis": {
            **axis,
            "type": "value",
            "min": 1,
            "max": max(last, 2),
            "minInterval": 1,
            "name": "epoch",
            "nameLocation": "middle",
            "nameGap": 22,
            "splitLine": {"show": False},
        },
        "yAxis": {
            **axis,
            "type": "value",
            "scale": True,
            "splitLine": {"lineStyle": {"color": _INK, "opacity": 0.25}},
        },
        "series": [
            {
                "name": name,
                "type": "line",
                "symbolSize": 6,
                "showSymbol": len(epochs) <= _MOST_DOTS,
                "itemStyle": {"color": colour},
                "lineStyle": {"color": colour, "type": dash},
                "data": _points(epochs, prefix + figure),
            }
            for name, prefix, colour, dash in _LINES
        ],
    }


def in_words(epochs: Sequence[Epoch]) -> str:
    """The newest epoch as a sentence, for whoever does not see the curves."""
    if not epochs:
        return "No epoch has ended yet"
    newest = epochs[-1]
    return f"Epoch {newest.number} of {newest.of}: {newest}"


def _points(epochs: Sequence[Epoch], figure: str) -> list[list[float]]:
    return [[e.number, e.figures[figure]] for e in epochs if figure in e.figures]
