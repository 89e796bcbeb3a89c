"""The report: one self-contained page that escapes what it did not make itself."""

import re

import numpy as np
import pytest

from lambdas.report.report import DECISION_MARK, OPENING, RUN_MARK, combined
from scoring import comparison, report
from scoring.metrics import as_json, score
from scoring.predictions import Predictions
from tests.support.pages import Page

RANDOM = np.random.default_rng(5)
LEVEL = 0.95
MODEL = {
    "size_bytes": 1_234_567,
    "weights_sha256": "ab" * 32,
    "parameters": 21_834,
    "latency_ms": {"median": 1.234, "p95": 2.5, "batch": 1, "samples": 100},
}
HISTORY = [
    {
        "epoch": float(epoch),
        "loss": 1 / epoch,
        "accuracy": 0.5,
        "val_loss": 1.0,
        "val_accuracy": 0.6 - abs(epoch - 2) / 10,
        "seconds": 1.25,
    }
    for epoch in (1, 2, 3)
]
CHARTS = {
    "curve_loss",
    "curve_accuracy",
    "differences",
    "confusion_matrix",
    "class_precision",
    "class_recall",
    "class_f1",
    "reliability",
    "confidence",
}
SECTIONS = [
    "Metrics",
    "Training",
    "Classes",
    "Confusion matrix",
    "Calibration",
    "Most confident mistakes",
    "The model",
]


def scores_of(labels: np.ndarray, classes: int, right: float):
    """Score a model that is right about as often as asked."""
    probabilities = RANDOM.dirichlet(np.ones(classes), len(labels))
    sure = RANDOM.random(len(labels)) < right
    probabilities[sure, labels[sure]] += 2
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return score(Predictions(labels, probabilities.astype(np.float32)))


LABELS = RANDOM.integers(0, 3, 60)
NEW, OLD = scores_of(LABELS, 3, 0.9), scores_of(LABELS, 3, 0.2)
SCORED = {
    "model_package_arn": "arn:champion/1",
    **as_json(OLD),
    "model": {**MODEL, "parameters": 99},
    "comparison": comparison.compare(NEW, OLD, LEVEL),
}


@pytest.fixture
def write(tmp_path):
    """Return a function that writes the report of a model and returns its text."""

    def page(champion=None, history=HISTORY, scores=NEW, shape=(8, 8, 1)) -> str:
        count = len(scores.predictions.labels)
        evaluation = {
            **as_json(scores),
            "model": MODEL,
            "dataset": {"test_samples": count},
            "champion": champion,
        }
        images = np.random.default_rng(1).integers(0, 256, (count, *shape), np.uint8)
        report.write(tmp_path, evaluation, scores, history, images=images, level=LEVEL)
        return (tmp_path / "report.html").read_text(encoding="utf-8")

    return page


def test_the_page_loads_nothing_and_runs_nothing(write):
    page = Page(write(SCORED))
    page.assert_loads_and_runs_nothing()
    assert page.tags.count("img") == int((~NEW.predictions.correct).sum())


def test_every_part_is_there(write):
    page = Page(write(SCORED))
    tiles = ["Accuracy", "Against the champion", "Weakest class", "Calibration error"]
    assert page.headings == ["Model report", *tiles, *SECTIONS]
    assert page.tags.count("svg") == len(CHARTS)


def test_it_begins_and_is_marked_as_the_gates_lambda_expects(write):
    page = write(SCORED)
    assert page.startswith(OPENING)
    assert page.index(DECISION_MARK) < page.index("Accuracy") < page.index(RUN_MARK)
    facts = {"run": {}, "plan": {}, "answer": {"decision": "register"}}
    whole = Page(combined(page, facts))
    assert whole.headings[:2] == ["Model report", "✓ Passed the gate"]
    assert whole.headings[-2:] == ["Cost", "Lineage"]


def test_charts_take_the_pages_colour_and_stand_beside_it_as_png(write, tmp_path):
    page = write(SCORED)
    assert "#010203" not in page
    assert "prefers-color-scheme: dark" in page
    assert {path.stem for path in tmp_path.glob("*.png")} == CHARTS
    for path in tmp_path.glob("*.png"):
        assert path.read_bytes().startswith(b"\x89PNG")


def test_the_same_evaluation_gives_the_same_page(write):
    assert write(SCORED) == write(SCORED)


def test_the_accuracy_has_its_interval(write):
    low, high = np.quantile(NEW.resampled["accuracy"], [0.025, 0.975]) * 100
    said = f"95 % interval {low:.2f} to {high:.2f} %, on 60 test images"
    assert said in Page(write()).text


def test_metrics_stand_beside_the_champions_in_words(write):
    text = Page(write(SCORED)).text
    found = SCORED["comparison"]["metrics"]["accuracy"]
    assert found["low"] > 0
    assert (
        f"{found['difference']:+.4f} {found['low']:+.4f} to {found['high']:+.4f} ▲ better" in text
    )
    assert "Champion: arn:champion/1 , scored on the same images." in text
    assert "Parameters 21,834 99" in text


@pytest.mark.parametrize(
    ("name", "low", "difference", "high", "verdict"),
    [
        ("accuracy", 0.01, 0.02, 0.03, "better"),
        ("accuracy", -0.03, -0.02, -0.01, "worse"),
        ("accuracy", -0.01, 0.02, 0.03, "unclear"),
        ("loss", 0.01, 0.02, 0.03, "worse"),
        ("loss", -0.03, -0.02, -0.01, "better"),
        ("loss", -0.03, -0.02, 0.0, "unclear"),
    ],
)
def test_a_difference_is_called_one_only_if_its_interval_is(name, low, difference, high, verdict):
    found = {"low": low, "difference": difference, "high": high}
    assert report._verdict(name, found) == verdict


def test_no_champion_yet_is_said(write, tmp_path):
    page = Page(write())
    assert "There is no champion yet." in page.text
    assert not (tmp_path / "differences.png").exists()


def test_what_comes_from_outside_is_escaped(write):
    champion = {"model_package_arn": "<script>arn</script>", "error": "<img src=x onerror=y>"}
    page = Page(write(champion))
    page.assert_loads_and_runs_nothing()
    assert "<script>arn</script>" in page.text
    assert "could not be scored: <img src=x onerror=y>" in page.text


def test_a_model_without_a_history_has_no_curves(write, tmp_path):
    assert "Training" not in Page(write(history=[])).headings
    assert not list(tmp_path.glob("curve_*.png"))


def test_the_best_epoch_is_marked(write):
    assert '<tr class="best"><td>2 (best)</td>' in write()


def test_a_model_without_mistakes_is_congratulated(write):
    perfect = score(Predictions(LABELS, np.eye(3, dtype=np.float32)[LABELS]))
    assert Page(write(scores=perfect)).text.count("every test image is recognised") == 2


@pytest.mark.parametrize("classes", [2, 120])
@pytest.mark.parametrize("shape", [(8, 8, 1), (40, 200, 3)])
def test_any_number_of_classes_and_any_image(write, classes, shape):
    labels = np.arange(240) % classes
    page = Page(write(scores=scores_of(labels, classes, 0.6), shape=shape))
    page.assert_loads_and_runs_nothing()
    assert f"The 24 of {page.text.split('The 24 of ')[1].split(' ')[0]} wrong" in page.text


def test_a_class_without_test_images_is_not_the_weakest(write):
    scores = scores_of(np.arange(60) % 2, 3, 0.9)
    assert "Weakest class 2" not in Page(write(scores=scores)).text


def test_of_rows_the_odd_values_are_shown_and_nothing_speaks_of_images(write, tmp_path):
    def rows(features):
        evaluation = {
            **as_json(NEW),
            "model": MODEL,
            "dataset": {"test_samples": len(LABELS)},
            "champion": SCORED,
        }
        values = RANDOM.normal(size=(len(LABELS), len(features))).astype(np.float32)
        named = {"images": values, "features": features}
        report.write(tmp_path, evaluation, NEW, HISTORY, level=LEVEL, **named)
        return Page((tmp_path / "report.html").read_text(encoding="utf-8"))

    page = rows(["<script>radius</script>", "area", "texture"])

    page.assert_loads_and_runs_nothing()
    assert page.headings[-len(SECTIONS) :] == SECTIONS
    assert "<script>radius</script>" in page.text
    assert "on 60 test rows" in page.text
    assert not re.findall(r"\bimages?\b(?!/svg)", page.text.lower())  # an SVG names its own type
    assert "img" not in page.tags
