"""The report of an evaluation: one HTML page with everything inside, and its charts as PNG.

Complete but for what is decided after it: the gate's Lambda puts the decision, the lineage and the
cost at the two marks that the template leaves for it, and checks that the page begins as it should.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from data.part import noun_of
from data.stored import Examples
from fitting.history import Row, best_epoch
from scoring import charts, mistakes
from scoring.bootstrap import PER_CLASS
from scoring.metrics import METRICS, Scores

TEMPLATE = "report.html.j2"
FILE_NAME = "report.html"
TITLES = {
    "accuracy": "Accuracy",
    "top_3_accuracy": "Top-3 accuracy",
    "top_5_accuracy": "Top-5 accuracy",
    "macro_f1": "F1, macro",
    "macro_precision": "Precision, macro",
    "macro_recall": "Recall, macro",
    "weighted_f1": "F1, weighted",
    "weighted_precision": "Precision, weighted",
    "weighted_recall": "Recall, weighted",
    "loss": "Log loss",
    "expected_calibration_error": "Calibration error",
}
LESS_IS_BETTER = ("loss", "expected_calibration_error")
# The metrics that are shares: what they gain can be drawn on one axis, in points.
DRAWN = (
    "accuracy",
    "top_3_accuracy",
    "macro_f1",
    "macro_recall",
    "macro_precision",
    "expected_calibration_error",
)
MOST_CONFUSIONS = 5
MOST_WEAK_CLASSES = 5


def write(
    folder: Path,
    evaluation: dict,
    scores: Scores,
    history: list[Row],
    *,
    images: Examples,
    level: float,
    features: Sequence[str] = (),
) -> None:
    """Write report.html and one PNG per chart.

    Args:
        folder: where to; exists.
        evaluation: the content of evaluation.json.
        scores: of the new model.
        history: of its training, may be empty.
        images: of the test set, (n, height, width, channels) uint8, or rows (n, features) float32;
            an array, or StoredRows.
        level: of the confidence intervals, within 0 and 1.
        features: the names of the columns of rows.
    """
    champion, noun = evaluation["champion"] or {}, noun_of(images)
    classes = [{"name": name, **each} for name, each in evaluation["per_class"].items()]
    figures: dict[str, Markup] = {}
    with charts.style():
        for name, figure in _figures(evaluation, history, noun).items():
            charts.save_png(figure, folder / f"{name}.png")
            # Drawn here from numbers alone: nothing in it comes from outside.
            figures[name] = Markup(charts.to_svg(figure, name))  # noqa: S704
    page = (
        _environment()
        .get_template(TEMPLATE)
        .render(
            evaluation=evaluation,
            metrics=evaluation[METRICS],
            champion=champion,
            comparison=champion.get("comparison"),
            level=level,
            noun=noun,
            accuracy=_interval(scores, "accuracy", level),
            rows=_table(evaluation[METRICS], champion),
            classes=classes,
            weakest=_weakest(classes),
            confusions=_confusions(_matrix(evaluation[METRICS])),
            mistakes=mistakes.most_confident(scores.predictions, images, features),
            wrong=int((~scores.predictions.correct).sum()),
            history=history,
            best=best_epoch(history) if history else None,
            charts=figures,
        )
    )
    (folder / FILE_NAME).write_text(page, encoding="utf-8")


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _figures(evaluation: dict, history: list[Row], noun: str) -> dict[str, Figure]:
    champion = evaluation["champion"] or {}
    figures = {}
    if history:
        for name in ("loss", "accuracy"):
            figures[f"curve_{name}"] = charts.curve(history, name, best_epoch(history))
    if "comparison" in champion:
        found = champion["comparison"]
        figures["differences"] = charts.differences(_gains(found["metrics"]), found["level"])
    figures["confusion_matrix"] = charts.confusion(_matrix(evaluation[METRICS]))
    for name in PER_CLASS:
        mine = _by_class(evaluation["per_class"], name)
        theirs = _by_class(champion["per_class"], name) if "per_class" in champion else None
        title = "F1" if name == "f1" else name.capitalize()
        figures[f"class_{name}"] = charts.per_class_bars(title, mine, theirs)
    bins = evaluation["calibration"]["bins"]
    figures["reliability"] = charts.reliability(bins, champion.get("calibration", {}).get("bins"))
    figures["confidence"] = charts.confidence(bins, f"{noun}s")
    return figures


def _interval(scores: Scores, name: str, level: float) -> tuple[float, float]:
    """Return the percentile interval of one metric over the resamples."""
    low, high = np.quantile(scores.resampled[name], [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _matrix(metrics: dict) -> np.ndarray:
    """Return the confusion matrix[true, predicted] of the metrics."""
    rows = metrics["confusion_matrix"]
    return np.array([[rows[true][predicted] for predicted in rows] for true in rows])


def _confusions(matrix: np.ndarray) -> list[dict]:
    """Return which class is most often taken for which other, the most frequent first."""
    errors = matrix * (1 - np.eye(len(matrix), dtype=matrix.dtype))
    order = np.argsort(-errors, axis=None, kind="stable")[:MOST_CONFUSIONS]
    pairs = zip(*np.unravel_index(order, errors.shape), strict=True)
    return [
        {"true": int(true), "predicted": int(said), "count": int(errors[true, said])}
        for true, said in pairs
        if errors[true, said]
    ]


def _weakest(classes: list[dict]) -> list[dict]:
    """Return the classes of the lowest recall among those that the test set has images of."""
    there = [each for each in classes if each["samples"]]
    return sorted(there, key=lambda each: each["recall"]["value"])[:MOST_WEAK_CLASSES]


def _table(metrics: dict, champion: dict) -> list[dict]:
    """Return one row per metric; a champion that was not scored leaves its cells None."""
    theirs = champion.get(METRICS, {})
    compared = champion.get("comparison", {}).get("metrics", {})
    return [
        {
            "title": title,
            "value": metrics[name]["value"],
            "deviation": metrics[name]["standard_deviation"],
            "champion": theirs[name]["value"] if name in theirs else None,
            "found": compared.get(name),
            "verdict": _verdict(name, compared[name]) if name in compared else None,
        }
        for name, title in TITLES.items()
        if name in metrics
    ]


def _verdict(name: str, found: dict) -> str:
    """Return what the interval of a difference says: better, worse, or neither for sure."""
    if found["low"] <= 0 <= found["high"]:
        return "unclear"
    return "better" if (found["difference"] < 0) == (name in LESS_IS_BETTER) else "worse"


def _gains(compared: dict) -> list[tuple[str, float, float, float]]:
    """Return the differences to be drawn, in points and turned so that more is better."""
    gains = []
    for name in DRAWN:
        if name in compared:
            found = compared[name]
            ends = (found["low"], found["high"])
            sign = -100 if name in LESS_IS_BETTER else 100
            low, high = sorted(sign * end for end in ends)
            gains.append((TITLES[name], sign * found["difference"], low, high))
    return gains


def _by_class(per_class: dict, name: str) -> np.ndarray:
    return np.array([scores[name]["value"] for scores in per_class.values()])
