"""A confusion matrix as a chart."""

from collections.abc import Iterator
from math import sqrt
from typing import Any

from operations.run_files.evaluation import Confusion

_LABELLED = 12  # classes, beyond which numbers in the cells would be too small to read
_PIXELS = 34  # of a cell with a number
_DARK = 0.8  # from this share on white is told apart from a cell better than dark text
_BLUE = "#1d4ed8"
_GREY = "#7b8794"  # told apart from both a light and a dark ground


def options(confusion: Confusion) -> dict[str, Any]:
    """ECharts' options: a row for each class, a column for what it was taken for.

    The colour is the root of the share of the row, so that small classes count as much as large
    ones, and one mistake in ten is to be seen.
    https://echarts.apache.org/en/option.html#series-heatmap
    """
    numbers = len(confusion.classes) <= _LABELLED
    axis = {
        "type": "category",
        "data": list(confusion.classes),
        "axisLabel": {"color": _GREY},
        "nameTextStyle": {"color": _GREY},
        "nameLocation": "middle",
        "axisTick": {"show": False},
    }
    return {
        "animation": False,
        "grid": {"left": 44, "right": 8, "top": 8, "bottom": 44},
        "tooltip": {"confine": True},
        "xAxis": {**axis, "name": "taken for", "nameGap": 28},
        "yAxis": {**axis, "name": "is", "inverse": True, "nameGap": 28},
        "visualMap": {
            "min": 0,
            "max": 1,
            "dimension": 2,
            "show": False,
            # One blue over the page's ground, light or dark.
            "inRange": {"color": [_BLUE], "colorAlpha": [0, 1]},
        },
        "series": [
            {
                "type": "heatmap",
                "name": "images",
                "data": [_cell(numbers, *cell) for cell in _cells(confusion)],
                "encode": {"x": 0, "y": 1, "tooltip": [3]},
                "itemStyle": {"borderColor": "#94a3b8", "borderWidth": 0.5},
            }
        ],
    }


def height(confusion: Confusion) -> int:
    """How high the chart is to be, in pixels."""
    return 60 + _PIXELS * min(len(confusion.classes), _LABELLED + 4)


def in_words(confusion: Confusion) -> str:
    """What the chart shows, for who cannot see it."""
    right = sum(row[number] for number, row in enumerate(confusion.counts))
    total = sum(map(sum, confusion.counts))
    wrong = [
        (count, confusion.classes[true], confusion.classes[taken])
        for true, row in enumerate(confusion.counts)
        for taken, count in enumerate(row)
        if true != taken and count
    ]
    most = max(wrong, default=None)
    told = f"{right:,} of {total:,} images are taken for what they are"
    if most is None:
        return told
    return f"{told}; most often wrong: class {most[1]} for class {most[2]}, {most[0]:,} images"


def _cells(confusion: Confusion) -> Iterator[tuple[int, int, float, int]]:
    """Column, row, root of the share of the row, count."""
    for true, row in enumerate(confusion.counts):
        for taken, count in enumerate(row):
            yield taken, true, sqrt(count / max(1, sum(row))), count


def _cell(numbers: bool, taken: int, true: int, depth: float, count: int) -> dict[str, Any]:
    """A cell, with its number in white on dark blue, else as the page's text; none at zero."""
    colour = "#ffffff" if depth > _DARK else "currentColor"
    label = {"show": numbers and count > 0, "formatter": f"{count}", "color": colour}
    return {"value": [taken, true, depth, count], "label": label}
