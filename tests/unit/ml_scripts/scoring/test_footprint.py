"""The digest of a model's weights: equal for equal bytes, and for nothing else."""

import pytest

from fitting.tensorflow_setup import keras
from scoring.footprint import weights_sha256


@pytest.fixture
def model():
    layers = [keras.layers.Dense(3, name="one"), keras.layers.Dense(2, name="two")]
    return keras.Sequential([keras.Input((4,)), *layers])


def test_a_model_that_was_written_and_read_has_the_same_digest(model, tmp_path):
    model.save(tmp_path / "model.keras")
    assert weights_sha256(keras.models.load_model(tmp_path / "model.keras")) == weights_sha256(
        model
    )


def test_one_bit_makes_another_digest(model):
    before = weights_sha256(model)
    bias = model.weights[-1]
    assert bias.numpy().tolist() == [0, 0]
    bias.assign([0, 1e-45])  # the smallest number above 0
    assert weights_sha256(model) != before
