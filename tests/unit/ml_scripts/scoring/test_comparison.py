"""Comparisons of two models: signs, intervals that cover what they should, and McNemar's test."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import predictions as predictions_file
from scoring.comparison import compare
from scoring.metrics import score
from scoring.predictions import Predictions


def _predictions(labels: np.ndarray, seed: int, skill: float = 2.0) -> Predictions:
    """What a model of some skill says of the images of four classes."""
    random = np.random.default_rng(seed)
    logits = random.normal(size=(len(labels), 4))
    logits[np.arange(len(labels)), labels] += skill
    odds = np.exp(logits)
    return Predictions(labels, (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32))


def _labels(images: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 4, images)


IMAGES, SEEDS = st.integers(1, 60), st.integers(0, 1000)


@settings(max_examples=20, deadline=None)
@given(IMAGES, SEEDS)
def test_a_model_does_not_differ_from_itself(images, seed):
    scores = [score(_predictions(_labels(images), seed)) for _ in range(2)]
    found = compare(*scores, 0.95)
    none = {"difference": 0.0, "low": 0.0, "high": 0.0}
    assert all(difference == none for difference in found["metrics"].values())
    assert found["mcnemar"]["p_value"] == 1


@settings(max_examples=20, deadline=None)
@given(IMAGES, SEEDS, SEEDS, st.floats(0.5, 0.99))
def test_who_is_held_against_whom_turns_the_signs(images, seed, other, level):
    labels = _labels(images)
    one, two = score(_predictions(labels, seed)), score(_predictions(labels, other))
    there, back = compare(one, two, level), compare(two, one, level)
    for name, found in there["metrics"].items():
        turned = back["metrics"][name]
        assert found["low"] <= found["high"]
        assert found["difference"] == -turned["difference"]
        assert found["low"] == pytest.approx(-turned["high"], abs=1e-11)
    assert there["mcnemar"]["only_challenger"] == back["mcnemar"]["only_champion"]
    assert there["mcnemar"]["p_value"] == pytest.approx(back["mcnemar"]["p_value"])


def test_differences_are_the_challengers_less_the_champions():
    labels = _labels(300)
    strong, weak = score(_predictions(labels, 1, skill=4)), score(_predictions(labels, 2, skill=1))
    found = compare(strong, weak, 0.95)["metrics"]
    assert found.keys() == set(strong.scalars)
    for name, difference in found.items():
        expected = strong.values[name] - weak.values[name]
        assert difference["difference"] == pytest.approx(expected)
    assert found["accuracy"]["low"] > 0
    assert found["loss"]["high"] < 0


def test_the_interval_is_that_of_pairs():
    """Against the normal interval of a mean of differences between pairs, for many images."""
    labels = _labels(4000)
    one, two = _predictions(labels, 3), _predictions(labels, 4)
    found = compare(score(one), score(two), 0.9)["metrics"]["loss"]
    differences = one.losses - two.losses
    error = differences.std() / 4000**0.5
    assert found["low"] == pytest.approx(differences.mean() - 1.6449 * error, abs=0.15 * error)
    assert found["high"] == pytest.approx(differences.mean() + 1.6449 * error, abs=0.15 * error)


def test_a_higher_level_makes_wider_intervals():
    labels = _labels(100)
    scores = score(_predictions(labels, 5)), score(_predictions(labels, 6))
    narrow, wide = (compare(*scores, level)["metrics"]["accuracy"] for level in (0.5, 0.99))
    assert wide["low"] < narrow["low"] < narrow["high"] < wide["high"]


def test_models_of_equal_skill_are_told_apart_as_rarely_as_the_level_says():
    apart = 0
    for seed in range(40):
        labels = _labels(200, seed)
        one, two = (score(_predictions(labels, 2 * seed + each)) for each in (1000, 1001))
        found = compare(one, two, 0.8)["metrics"]["accuracy"]
        apart += not found["low"] <= 0 <= found["high"]
    assert 1 <= apart <= 16  # 8 expected; the bounds are about three standard deviations away


def test_mcnemar_counts_images_and_tests_those_that_differ():
    sure, labels = np.eye(2, dtype=np.float32), np.zeros(17, int)
    champion = Predictions(labels, sure[[0] * 3 + [1] * 10 + [0] * 2 + [1] * 2])
    challenger = Predictions(labels, sure[[1] * 3 + [0] * 10 + [0] * 2 + [1] * 2])
    found = compare(score(challenger), score(champion), 0.95)["mcnemar"]
    counts = {"only_challenger": 10, "only_champion": 3, "both": 2, "neither": 2}
    assert found == {
        **counts,
        "p_value": pytest.approx(0.092285, abs=1e-6),
    }  # R: binom.test(10, 13)


def test_a_difference_carries_no_noise_of_binary_fractions():
    sure, labels = np.eye(2, dtype=np.float32), np.zeros(100, int)
    one = Predictions(labels, sure[[0] * 57 + [1] * 43])
    two = Predictions(labels, sure[[0] * 56 + [1] * 44])
    assert compare(score(one), score(two), 0.95)["metrics"]["accuracy"]["difference"] == 0.01


@pytest.fixture
def files(tmp_path):
    """Two files of predictions by their models' names, and where to put others."""
    labels = _labels(50)
    for name, seed in (("challenger", 7), ("champion", 8)):
        (tmp_path / name).mkdir()
        predictions_file.save(_predictions(labels, seed), tmp_path / name)
    return tmp_path


def _run(files, run_script, *arguments):
    paths = (str(files / name / "predictions.npz") for name in ("challenger", "champion"))
    return run_script(files, "scoring.comparison", *paths, *arguments)


def test_the_script_compares_files(files, run_script):
    result = _run(files, run_script, "--confidence-level", "0.9")
    assert result.returncode == 0, result.stderr
    one, two = (_predictions(_labels(50), seed) for seed in (7, 8))
    assert json.loads(result.stdout) == compare(score(one), score(two), 0.9)


def test_the_script_refuses_other_test_images(files, run_script):
    predictions_file.save(_predictions(_labels(50, seed=1), 8), files / "champion")
    result = _run(files, run_script, "--confidence-level", "0.9")
    assert result.returncode == 1
    assert "found other test labels, expected those of" in result.stderr
    assert not (files / "output").exists()
    assert result.stdout == ""
