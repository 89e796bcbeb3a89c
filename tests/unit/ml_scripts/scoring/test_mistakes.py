"""The most confident mistakes: which they are, and that their pictures are the test images."""

import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from data.stored import StoredRows
from scoring import mistakes
from scoring.predictions import Predictions

RANDOM = np.random.default_rng(3)


def pixels_of(uri: str) -> np.ndarray:
    kind, _, content = uri.partition(",")
    assert kind == "data:image/png;base64"
    return np.array(Image.open(BytesIO(base64.b64decode(content))))


def test_the_wrong_ones_come_the_surest_first():
    probabilities = np.array(
        [[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7], [0.05, 0.95]], np.float32
    )
    labels = np.array([0, 0, 1, 1, 0])
    images = RANDOM.integers(0, 256, (5, 8, 8, 1), np.uint8)
    found = mistakes.most_confident(Predictions(labels, probabilities), images, most=2)
    assert [(each["number"], each["true"], each["predicted"]) for each in found] == [
        (4, 0, 1),
        (1, 0, 1),
    ]
    assert found[0]["confidence"] == pytest.approx(0.95)
    assert (pixels_of(found[0]["picture"]) == images[4, ..., 0]).all()


def test_a_model_without_mistakes_has_none():
    predictions = Predictions(np.array([0]), np.array([[1.0, 0.0]], np.float32))
    assert mistakes.most_confident(predictions, np.zeros((1, 4, 4, 1), np.uint8)) == []


@pytest.mark.parametrize(
    ("channels", "shown"),
    [(1, np.s_[..., 0]), (2, np.s_[..., 0]), (3, np.s_[...]), (4, np.s_[..., :3])],
)
@pytest.mark.parametrize("size", [(8, 8), (1, 1), (3, 20)])
def test_images_of_every_kind_are_pictures(channels, shown, size):
    image = RANDOM.integers(0, 256, (*size, channels), np.uint8)
    assert (pixels_of(mistakes.data_uri(image)) == image[shown]).all()


def test_large_images_are_made_smaller_and_keep_their_shape():
    image = RANDOM.integers(0, 256, (512, 256, 3), np.uint8)
    assert pixels_of(mistakes.data_uri(image)).shape == (128, 64, 3)


@pytest.mark.parametrize("stored", [False, True], ids=["array", "stored"])
def test_a_row_shows_the_values_that_are_furthest_from_the_mean(tmp_path, stored):
    rows = np.zeros((4, 6), np.float32)
    rows[:, 0] = [0, 0, 0, 8]  # 1.7 standard deviations above the mean
    rows[:, 4] = [1, 2, 3, 0]
    rows[:, 5] = 7  # the same in all
    if stored:
        np.save(tmp_path / "X.npy", rows)
        rows = StoredRows([np.lib.format.open_memmap(tmp_path / "X.npy", mode="r")])
    said = Predictions(np.array([0, 0, 0, 1]), np.array([[1.0, 0.0]] * 4, np.float32))
    (found,) = mistakes.most_confident(said, rows, ["a", "b", "c", "d", "e", "f"])
    assert (found["number"], found["predicted"], found["true"]) == (3, 0, 1)
    first, second = found["values"][:2]
    assert (first["name"], first["value"]) == ("a", 8.0)
    assert first["deviations"] == pytest.approx((8 - 2) / np.std([0, 0, 0, 8]))
    assert (second["name"], second["value"]) == ("e", 0.0)
    assert second["deviations"] == pytest.approx(-1.5 / np.std([1, 2, 3, 0]))
    assert all(each["deviations"] == 0 for each in found["values"][2:])
