"""Two versions side by side: which interval, which verdict, and what is the same."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.shown.models import show_comparison
from operations.errors import ComparisonError
from operations.models.comparison import Comparison, Difference, Pair, compare
from operations.models.registry import Version
from operations.models.version import Entry, ModelVersion
from operations.run_files import evaluation as evaluation_file
from operations.run_files import plan as plan_file
from operations.run_files.decision import Decision
from tests.fakes.s3 import FakeS3
from tests.fakes.terminal import PlainTerminal
from tests.support.paths import PROJECT

BUCKET = "bucket"
IMAGES, CLASSES = 200, 3
LABELS = np.arange(IMAGES) % CLASSES


def model(number: int, accuracy: float, labels: str = "aaa", **settings: Any) -> ModelVersion:
    created = datetime(2026, 1, number, tzinfo=UTC)
    version = Version("digits", number, f"arn:aws:{number}", "Approved", created)
    scores = {"value": accuracy, "standard_deviation": 0.02}
    loss = {"value": 1 - accuracy, "standard_deviation": 0.0}
    return ModelVersion(
        Entry(version, run_uri=f"s3://{BUCKET}/runs/{number}"),
        plan=plan_file.read(
            {
                "hyperparameters": {"epochs": "10", "seed": "42", **settings},
                "dataset": {
                    "name": "digits",
                    "fingerprint": "f" * 64,
                    "uploaded_to": f"s3://{BUCKET}/raw_data/digits/",
                    "objects": [
                        {"key": "raw_data/digits/a.gz", "version_id": "v1", "etag": "e1", "size": 5}
                    ],
                },
                "code": {"s3_uri": f"s3://{BUCKET}/code/abc/", "sha256": "abc"},
            },
            [],
        ),
        evaluation=evaluation_file.read(
            {
                "multiclass_classification_metrics": {"accuracy": scores, "loss": loss},
                "per_class": {str(label): {} for label in range(CLASSES)},
                "dataset": {"test_samples": IMAGES, "labels_sha256": labels},
                "model": {"size_bytes": 1000, "parameters": 10, "latency_ms": {"median": 2.0}},
            },
            [],
        ),
    )


def predictions(folder: Path, right: int) -> bytes:
    """The file of a model that has the first `right` images right."""
    guesses = np.where(np.arange(IMAGES) < right, LABELS, (LABELS + 1) % CLASSES)
    probabilities = np.full((IMAGES, CLASSES), 0.1, np.float32)
    probabilities[np.arange(IMAGES), guesses] = 0.8
    path = folder / "predictions.npz"
    np.savez_compressed(path, labels=LABELS, probabilities=probabilities)
    return path.read_bytes()


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3(BUCKET)


def compared(first: ModelVersion, second: ModelVersion, s3: FakeS3) -> Comparison:
    return compare(first, second, 0.95, s3, PROJECT / "ml_scripts")  # type: ignore[arg-type]


def metric(found: Comparison, name: str) -> Difference:
    (difference,) = (each for each in found.metrics if each.metric == name)
    return difference


def test_the_same_test_images_give_a_paired_interval(s3: FakeS3, tmp_path: Path) -> None:
    for number, right in ((1, 150), (2, 170)):
        key = f"runs/{number}/evaluation/predictions.npz"
        s3.upload(BUCKET, key, predictions(tmp_path, right))

    found = compared(model(1, 0.75), model(2, 0.85), s3)

    assert found.paired
    assert found.method.startswith("paired bootstrap")
    accuracy = metric(found, "accuracy")
    assert accuracy.difference == 0.1
    assert accuracy.low is not None
    # The models differ on the same 20 of 200 images: unpaired, the interval would be twice as wide.
    assert 0.05 < accuracy.low < 0.1
    assert (accuracy.verdict, metric(found, "loss").verdict) == ("better", "better")
    assert found.mcnemar
    assert found.mcnemar["only_challenger"] == 20


def test_predictions_that_do_not_fit_are_one_clear_error(s3: FakeS3) -> None:
    for number in (1, 2):
        s3.upload(BUCKET, f"runs/{number}/evaluation/predictions.npz", b"no archive")
    with pytest.raises(ComparisonError, match=r"cannot be compared: error: .*second\.npz"):
        compared(model(1, 0.75), model(2, 0.85), s3)


def test_other_test_images_give_an_unpaired_interval_that_says_so(s3: FakeS3) -> None:
    found = compared(model(1, 0.75), model(2, 0.85, labels="bbb"), s3)

    assert not found.paired
    assert "different test images" in found.method
    accuracy = metric(found, "accuracy")
    assert accuracy.low == pytest.approx(0.1 - 1.95996 * 0.02 * 2**0.5, abs=1e-5)
    assert accuracy.high == pytest.approx(0.1 + 1.95996 * 0.02 * 2**0.5, abs=1e-5)


def test_predictions_that_are_gone_leave_the_unpaired_interval(s3: FakeS3) -> None:
    found = compared(model(1, 0.75), model(2, 0.85), s3)
    assert not found.paired
    assert "predictions.npz of one of them is gone" in found.method


def test_a_version_without_an_evaluation_has_no_interval(s3: FakeS3) -> None:
    bare = ModelVersion(model(1, 0).entry, decision=Decision(metrics={"accuracy": 0.5}))
    found = compared(bare, model(2, 0.85), s3)
    assert metric(found, "accuracy").verdict == "unknown"
    assert (metric(found, "accuracy").first, metric(found, "accuracy").second) == (0.5, 0.85)
    assert not any(pair.same for pair in found.hyperparameters)


@pytest.mark.parametrize(
    ("name", "low", "high", "verdict"),
    [
        ("accuracy", 0.01, 0.02, "better"),
        ("accuracy", -0.02, -0.01, "worse"),
        ("accuracy", -0.01, 0.02, "not told apart"),
        ("accuracy", 0.0, 0.02, "not told apart"),
        ("loss", 0.01, 0.02, "worse"),
        ("expected_calibration_error", -0.02, -0.01, "better"),
    ],
)
def test_what_an_interval_shows(name: str, low: float, high: float, verdict: str) -> None:
    assert Difference(name, 0.9, 0.9, 0.0, low, high).verdict == verdict


def test_what_is_unknown_is_not_the_same() -> None:
    assert Pair("epochs", "1", "1").same
    assert not Pair("epochs", None, None).same


def test_differences_are_marked_by_signs_and_words(s3: FakeS3) -> None:
    terminal = PlainTerminal()
    first, second = model(1, 0.75), model(2, 0.95, labels="bbb", epochs="2")

    found = compared(first, second, s3)
    show_comparison(first.entry.version, second.entry.version, found, terminal)

    lines = terminal.lines()
    assert "Differences are 2 less 1, intervals at 0.95: unpaired" in terminal.written()
    (accuracy,) = (line for line in lines if " accuracy " in line)
    assert accuracy.startswith("▲")
    assert accuracy.endswith("better")
    assert "≠  epochs  10  →  2" in lines
    assert "=  seed  42" in lines
    assert "=  a.gz  s3://bucket/raw_data/digits/a.gz version v1 ETag e1" in lines
    assert "=  sha256  abc" in lines
    json.dumps(found.as_json(), allow_nan=False)
