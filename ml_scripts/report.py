"""The report of an evaluation: one HTML page with its charts inside, and the charts as PNG."""

from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

import charts
from history import Row, best_epoch
from metrics import per_class

METRICS = "multiclass_classification_metrics"
TEMPLATE = "report.html.j2"
TITLES = {
    "accuracy": "Accuracy",
    "loss": "Loss (cross-entropy)",
    "weighted_precision": "Precision, weighted",
    "weighted_recall": "Recall, weighted",
    "weighted_f1": "F1, weighted",
}


def write(folder: Path, evaluation: dict, history: list[Row]) -> None:
    """Write report.html and one PNG per chart.

    Args:
        folder: where to; exists.
        evaluation: the content of evaluation.json.
        history: of the new model's training, may be empty.
    """
    champion = evaluation["champion"] or {}
    figures: dict[str, Markup] = {}
    with charts.style():
        for name, figure in _figures(evaluation, history).items():
            charts.save_png(figure, folder / f"{name}.png")
            # Drawn here from numbers alone: nothing in it comes from outside.
            figures[name] = Markup(charts.to_svg(figure, name))  # noqa: S704
    template = _environment().get_template(TEMPLATE)
    page = template.render(
        dataset=evaluation["dataset"],
        champion=champion,
        rows=_table(evaluation[METRICS], champion.get(METRICS)),
        classes=_class_table(evaluation[METRICS]),
        history=history,
        best=best_epoch(history) if history else None,
        charts=figures,
    )
    (folder / "report.html").write_text(page, encoding="utf-8")


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _figures(evaluation: dict, history: list[Row]) -> dict[str, Figure]:
    matrix = _matrix(evaluation[METRICS])
    champion = (evaluation["champion"] or {}).get(METRICS)
    figures = {"curves": charts.curves(history, best_epoch(history))} if history else {}
    figures["confusion_matrix"] = charts.confusion(matrix)
    theirs = per_class(_matrix(champion)) if champion else (None, None)
    for title, mine, other in zip(("precision", "recall"), per_class(matrix), theirs, strict=True):
        figures[f"class_{title}"] = charts.per_class_bars(title, mine, other)
    return figures


def _matrix(metrics: dict) -> np.ndarray:
    """Return the confusion matrix[true, predicted] of the metrics."""
    rows = metrics["confusion_matrix"]
    return np.array([[rows[true][predicted] for predicted in rows] for true in rows])


def _table(metrics: dict, champion: dict | None) -> list[dict]:
    """Return one row per metric; a champion that was not scored leaves its cells None."""
    return [
        {
            "title": title,
            "value": metrics[name]["value"],
            "deviation": metrics[name]["standard_deviation"],
            "champion": champion[name]["value"] if champion else None,
            "difference": metrics[name]["value"] - champion[name]["value"] if champion else None,
        }
        for name, title in TITLES.items()
    ]


def _class_table(metrics: dict) -> list[dict]:
    """Return one row per class, as a text for the charts."""
    matrix = _matrix(metrics)
    columns = zip(metrics["confusion_matrix"], *per_class(matrix), matrix.sum(axis=1), strict=True)
    return [
        {"name": name, "precision": precision, "recall": recall, "images": images}
        for name, precision, recall, images in columns
    ]
