"""The Evaluate step: new model and champion on the same images, whatever the champion's state."""

import json
import shutil
import tarfile
from types import SimpleNamespace

import numpy as np
import pytest

import evaluation
import history
import scoring
from arrays import load_split, save_split
from errors import DataError, ModelError
from tensorflow_setup import keras
from training import build_model

ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/fashion-mnist/1"
METRICS = evaluation.METRICS


@pytest.fixture
def job(tmp_path, preprocessed, model_archive):
    """The folders of an evaluation without a champion."""
    base = tmp_path / "base"
    folders = {
        name: base / "processing" / name for name in ("model", "champion", "test", "evaluation")
    }
    for name in ("model", "champion"):
        folders[name].mkdir(parents=True)
    folders["test"].symlink_to(preprocessed / "processing/test")
    shutil.copy(model_archive, folders["model"])
    (folders["champion"] / "champion.json").write_text('{"model_package_arn": null}')
    return SimpleNamespace(base=base, **folders)


def _crown(job, archive=None) -> None:
    """Give the job a champion, with its archive if there is one."""
    (job.champion / "champion.json").write_text(json.dumps({"model_package_arn": ARN}))
    if archive is not None:
        shutil.copy(archive, job.champion / "model.tar.gz")


def _evaluate(job) -> dict:
    evaluation.evaluate(job.model, job.champion, job.test, job.evaluation)
    return json.loads((job.evaluation / "evaluation.json").read_text())


def _archive(folder, model) -> str:
    model.save(folder / "best_checkpoint.keras")
    with tarfile.open(folder / "other.tar.gz", "w:gz") as tar:
        tar.add(folder / "best_checkpoint.keras", arcname="best_checkpoint.keras")
    return folder / "other.tar.gz"


def test_the_job_end_to_end(job, run_script, trained):
    _crown(job, job.model / "model.tar.gz")
    result = run_script(job.base, "evaluation.py")
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    found = json.loads((job.evaluation / "evaluation.json").read_text())
    assert set(found) == {METRICS, "dataset", "champion"}
    assert found["dataset"] == {"test_samples": 360}
    assert found[METRICS]["accuracy"]["value"] > 0.8
    assert found["champion"] == {"model_package_arn": ARN, METRICS: found[METRICS]}
    assert result.stdout.startswith("accuracy=0.")
    page = (job.evaluation / "report.html").read_text()
    assert f"4 epochs; the best is epoch {_best(trained)}" in page


def _best(trained) -> int:
    return history.best_epoch(history.read(trained.base / "model"))


def test_metrics_are_those_of_the_models_own_predictions(job, trained):
    found = _evaluate(job)
    images, labels = load_split(job.test, "test")
    model = keras.models.load_model(trained.base / "model/best_checkpoint.keras", safe_mode=True)
    predicted = np.array(model(np.array(images))).argmax(axis=1)
    assert found[METRICS]["accuracy"]["value"] == pytest.approx(np.mean(predicted == labels))
    matrix = found[METRICS]["confusion_matrix"]
    assert sum(count for row in matrix.values() for count in row.values()) == len(labels)
    assert found["champion"] is None


def _broken_archive(folder):
    (folder / "broken").write_bytes(b"no archive")
    return folder / "broken"


def _broken_model(folder):
    (folder / "best_checkpoint.keras").write_bytes(b"no model")
    with tarfile.open(folder / "other.tar.gz", "w:gz") as tar:
        tar.add(folder / "best_checkpoint.keras", arcname="best_checkpoint.keras")
    return folder / "other.tar.gz"


def _empty_archive(folder):
    with tarfile.open(folder / "other.tar.gz", "w:gz"):
        return folder / "other.tar.gz"


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda folder: None, "no such file, expected a model archive"),
        (_broken_archive, "model.tar.gz: cannot be unpacked"),
        (_empty_archive, "model.tar.gz: best_checkpoint.keras is not in it"),
        (_broken_model, "best_checkpoint.keras: cannot be loaded"),
        (
            lambda f: _archive(f, build_model((8, 8, 1), 3)),
            "the model knows 3 classes, expected 10",
        ),
        (
            lambda f: _archive(f, build_model((9, 9, 1), 10)),
            "the model takes images of shape (9, 9, 1), the test set has (8, 8, 1)",
        ),
    ],
)
def test_a_champion_that_cannot_be_scored_is_reported(job, tmp_path, make, error):
    _crown(job, make(tmp_path))
    champion = _evaluate(job)["champion"]
    assert set(champion) == {"model_package_arn", "error"}
    assert champion["model_package_arn"] == ARN
    assert error in champion["error"]
    assert "The champion could not be scored" in (job.evaluation / "report.html").read_text()


def test_a_new_model_that_cannot_be_loaded_fails_the_job(job):
    (job.model / "model.tar.gz").write_bytes(b"no archive")
    with pytest.raises(ModelError, match=r"model.tar.gz: cannot be unpacked"):
        _evaluate(job)
    assert not (job.evaluation / "evaluation.json").exists()


def test_test_labels_that_the_model_does_not_know_are_refused(job):
    images, labels = load_split(job.test, "test")
    job.test.unlink()
    save_split(job.test, "test", images, labels + 1)
    with pytest.raises(ModelError, match="the model knows 10 classes, the test labels are 1 to 10"):
        _evaluate(job)


def test_probabilities_that_are_not_finite_are_refused():
    model = build_model((8, 8, 1), 3)
    model.layers[-1].bias.assign([np.nan, 0, 0])
    with pytest.raises(ModelError, match="some of it not finite"):
        scoring.predict(model, np.zeros((2, 8, 8, 1), np.uint8))


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"model_package_arn": 3}'])
def test_a_malformed_champion_file_fails_the_job(job, content):
    (job.champion / "champion.json").write_text(content)
    with pytest.raises(DataError, match=r"champion.json: found .*, expected"):
        _evaluate(job)


def test_a_missing_champion_file_fails_the_job(job):
    (job.champion / "champion.json").unlink()
    with pytest.raises(DataError, match=r"champion.json: found no such file"):
        _evaluate(job)
