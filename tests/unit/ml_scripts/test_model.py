"""The networks: for images of any size, and the workshop's as the workshop has it."""

import numpy as np
import pytest

from fitting.tensorflow_setup import keras
from model import NETWORKS, workshop


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (4, 4, 1), (8, 8, 1), (9, 30, 3), (10, 10, 1), (28, 28, 1), (33, 40, 3)]
)
def test_the_model_takes_raw_pixels_of_any_size(network, shape):
    model = NETWORKS[network](shape, 7)
    pixels = np.full((2, *shape), 255, np.uint8)
    probabilities = keras.ops.convert_to_numpy(model(pixels))
    assert probabilities.shape == (2, 7)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("shape", [(10, 13, 1), (28, 28, 1), (33, 40, 3)])
def test_the_workshops_network_computes_what_it_does_as_the_workshop_writes_it(shape):
    layers = keras.layers
    original = keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model = workshop(shape, 10)
    model.set_weights(original.get_weights())
    pixels = np.random.default_rng(5).integers(0, 256, (6, *shape), np.uint8)

    found, expected = model(pixels), original(pixels / np.float32(255))

    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    assert model.count_params() == original.count_params()
