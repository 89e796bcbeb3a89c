"""The Evaluate step: new model and champion on the same images, whatever the champion's state."""

import io
import json
import shutil
import tarfile
from types import SimpleNamespace

import numpy as np
import pytest

import evaluation
from data.arrays import load_split, path_of
from fitting import history
from fitting.tensorflow_setup import keras
from job import model_digest
from job.archive import extract
from job.errors import DataError, ModelError, UsageError
from model import workshop
from scoring import footprint, metrics, predictions, scoring

ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/fashion-mnist/1"
METRICS = metrics.METRICS


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
    for name in ("model.tar.gz", "output.tar.gz"):
        shutil.copy(model_archive.with_name(name), folders["model"])
    (folders["champion"] / "champion.json").write_text('{"model_package_arn": null}')
    return SimpleNamespace(base=base, **folders)


def _crown(job, archive=None) -> str:
    """Give the job a champion, with its archive if there is one; return its model's digest."""
    (job.champion / "champion.json").write_text(json.dumps({"model_package_arn": ARN}))
    if archive is None:
        return "0" * 64
    shutil.copy(archive, job.champion / "model.tar.gz")
    unpacked = job.base / "unpacked"
    try:
        extract(archive, unpacked)
    except ModelError:
        return "0" * 64
    return model_digest.of(unpacked)


def _evaluate(job, champion_sha256: str = "none") -> dict:
    folders = job.model, job.champion, job.test, job.evaluation
    evaluation.evaluate(*folders, champion_sha256=champion_sha256)
    return json.loads((job.evaluation / "evaluation.json").read_text())


def _archive(folder, model) -> str:
    model.save(folder / "best_checkpoint.keras")
    with tarfile.open(folder / "other.tar.gz", "w:gz") as tar:
        tar.add(folder / "best_checkpoint.keras", arcname="best_checkpoint.keras")
    return folder / "other.tar.gz"


def test_the_job_end_to_end(job, run_script, trained):
    sha256 = _crown(job, job.model / "model.tar.gz")
    arguments = ("--confidence-level", "0.8", "--champion-sha256", sha256)
    result = run_script(job.base, "evaluation.py", *arguments)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    found = json.loads((job.evaluation / "evaluation.json").read_text())
    assert set(found) == {METRICS, "per_class", "calibration", "model", "dataset", "champion"}
    said = predictions.load(job.evaluation / "predictions.npz")
    assert found["dataset"] == {"test_samples": 360, "labels_sha256": said.labels_sha256}
    assert found[METRICS]["accuracy"]["value"] == said.correct.mean() > 0.8
    champion = found["champion"]
    assert champion["model_package_arn"] == ARN
    for block in (METRICS, "per_class", "calibration"):
        assert champion[block] == found[block]
    assert champion["model"]["weights_sha256"] == found["model"]["weights_sha256"]
    assert champion["comparison"]["level"] == 0.8
    assert result.stdout.startswith("accuracy=0.")
    assert "accuracy_difference=+0.000000 [+0.000000, +0.000000]" in result.stdout
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


def test_the_model_is_described(job, trained):
    found = _evaluate(job)["model"]
    model = keras.models.load_model(trained.base / "model/best_checkpoint.keras", safe_mode=True)
    latency = found.pop("latency_ms")
    assert found == {
        "sha256": model_digest.of(trained.base / "model"),
        "size_bytes": (job.model / "model.tar.gz").stat().st_size,
        "weights_sha256": footprint.weights_sha256(model),
        "parameters": model.count_params(),
    }
    assert 0 < latency["median"] <= latency["p95"]
    assert latency["batch"] == 1


def test_a_champion_that_nobody_trained_is_shown_to_be_worse(job, tmp_path):
    found = _evaluate(job, _crown(job, _archive(tmp_path, workshop((8, 8, 1), 10))))
    compared = found["champion"]["comparison"]
    assert compared["level"] == 0.95
    assert compared["metrics"]["accuracy"]["low"] > 0
    assert compared["metrics"]["loss"]["high"] < 0
    mine, theirs = (block[METRICS]["loss"]["value"] for block in (found, found["champion"]))
    assert compared["metrics"]["loss"]["difference"] == pytest.approx(mine - theirs)


@pytest.mark.parametrize("level", ["1", "95", "nan"])
def test_a_confidence_level_out_of_range_is_refused(job, run_script, level):
    result = run_script(job.base, "evaluation.py", "--confidence-level", level)
    assert result.returncode == 1
    assert "argument --confidence-level" in (job.base / "output/message").read_text()


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
            lambda f: _archive(f, workshop((8, 8, 1), 3)),
            "the model knows 3 classes, expected 10",
        ),
        (
            lambda f: _archive(f, workshop((9, 9, 1), 10)),
            "the model takes images of shape (9, 9, 1), the test set has (8, 8, 1)",
        ),
    ],
)
def test_a_champion_that_cannot_be_scored_is_reported(job, tmp_path, make, error):
    champion = _evaluate(job, _crown(job, make(tmp_path)))["champion"]
    assert set(champion) == {"model_package_arn", "error"}
    assert champion["model_package_arn"] == ARN
    assert error in champion["error"]
    assert "The champion could not be scored" in (job.evaluation / "report.html").read_text()


def test_a_new_model_that_cannot_be_loaded_fails_the_job(job):
    (job.model / "model.tar.gz").write_bytes(b"no archive")
    with pytest.raises(ModelError, match=r"model.tar.gz: cannot be unpacked"):
        _evaluate(job)
    assert not (job.evaluation / "evaluation.json").exists()


def _swap_model(folder, content: bytes = b"payload") -> None:
    """Put another best_checkpoint.keras into the folder's model.tar.gz, and leave the rest."""
    unpacked = folder.parent / "swapped"
    extract(folder / "model.tar.gz", unpacked)
    (unpacked / "best_checkpoint.keras").write_bytes(content)
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        tar.add(unpacked, arcname=".")


def _never_opened(monkeypatch) -> None:
    def refuse(*_, **__):
        raise AssertionError("the model was opened")

    monkeypatch.setattr(keras.models, "load_model", refuse)


def test_a_model_that_was_swapped_after_its_training_is_not_opened(job, trained, monkeypatch):
    _swap_model(job.model)
    _never_opened(monkeypatch)
    recorded = model_digest.of(trained.base / "model")
    found = rf"model.tar.gz: found a model with sha256 \w{{64}}, expected {recorded}, which its"
    with pytest.raises(ModelError, match=found):
        _evaluate(job)
    assert not (job.evaluation / "evaluation.json").exists()


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (None, "output.tar.gz: no such file"),
        ({}, "output.tar.gz: model.sha256 is not in it: the training recorded no digest"),
        ({"model.sha256": b"0" * 63}, "model.sha256: found '0{63}', expected 64 hex digits"),
    ],
)
def test_a_model_without_a_recorded_digest_is_not_opened(job, monkeypatch, content, error):
    archive = job.model / "output.tar.gz"
    archive.unlink()
    if content is not None:
        with tarfile.open(archive, "w:gz") as tar:
            for name, body in content.items():
                member = tarfile.TarInfo(name)
                member.size = len(body)
                tar.addfile(member, io.BytesIO(body))
    _never_opened(monkeypatch)
    with pytest.raises(ModelError, match=error):
        _evaluate(job)


def test_a_champion_that_was_swapped_after_its_registration_is_not_opened(job, monkeypatch):
    sha256 = _crown(job, job.model / "model.tar.gz")
    _swap_model(job.champion)
    opened, load_model = [], keras.models.load_model

    def load(path, **how):
        opened.append(path)
        return load_model(path, **how)

    monkeypatch.setattr(keras.models, "load_model", load)
    champion = _evaluate(job, sha256)["champion"]
    assert f"expected {sha256}, which its training recorded" in champion["error"]
    assert len(opened) == 1  # the new one


def test_a_champion_without_a_digest_in_the_registry_is_not_opened(job):
    _crown(job, job.model / "model.tar.gz")
    champion = _evaluate(job)["champion"]
    assert champion["error"].startswith("the registry has no model_sha256 of it")


@pytest.mark.parametrize("digest", ["", "0" * 63, "x" * 64, "NONE"])
def test_a_malformed_digest_is_refused(digest):
    with pytest.raises(UsageError, match="--champion-sha256"):
        evaluation.parse_arguments(["--champion-sha256", digest])


def test_code_in_a_model_is_not_run_even_if_its_digest_is_right(job, tmp_path):
    """A lambda layer carries Python bytecode: safe mode refuses it."""
    marker = tmp_path / "marker"

    def payload(pixels, to=str(marker)):
        __import__("pathlib").Path(to).write_text("ran")
        return pixels

    payload.__name__ = "<lambda>"  # Keras writes the code of lambdas into the file
    layer = keras.layers.Lambda(payload, output_shape=(8, 8, 1))
    model = keras.Sequential([keras.Input((8, 8, 1)), layer])
    marker.unlink(missing_ok=True)
    champion = _evaluate(job, _crown(job, _archive(tmp_path, model)))["champion"]
    assert "best_checkpoint.keras: cannot be loaded" in champion["error"]
    assert not marker.exists()


def test_test_labels_that_the_model_does_not_know_are_refused(job):
    images, labels = load_split(job.test, "test")
    job.test.unlink()
    for name, array in (("X_test", images), ("y_test", labels + 1)):
        path_of(job.test, name).parent.mkdir(parents=True)
        np.save(path_of(job.test, name), array)
    with pytest.raises(ModelError, match="the model knows 10 classes, the test labels are 1 to 10"):
        _evaluate(job)


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ([[np.nan, 0.5, 0.5]], r"nan to nan in an array \(1, 3\)"),
        ([[2.5, -1.0, -0.5]], r"-1 to 2.5 in an array \(1, 3\)"),
        ([[0.5, 0.5, 0.5]], r"0.5 to 0.5 in an array \(1, 3\)"),
        ([[[0.5, 0.5]]], r"0.5 to 0.5 in an array \(1, 1, 2\)"),
    ],
)
def test_an_output_that_is_no_probabilities_is_refused(output, found):
    with pytest.raises(ModelError, match=f"the model gives {found}, expected probabilities"):
        scoring.predict(lambda pixels: np.array(output), np.zeros((1, 8, 8, 1), np.uint8))


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"model_package_arn": 3}'])
def test_a_malformed_champion_file_fails_the_job(job, content):
    (job.champion / "champion.json").write_text(content)
    with pytest.raises(DataError, match=r"champion.json: found .*, expected"):
        _evaluate(job)


def test_a_missing_champion_file_fails_the_job(job):
    (job.champion / "champion.json").unlink()
    with pytest.raises(DataError, match=r"champion.json: found no such file"):
        _evaluate(job)
