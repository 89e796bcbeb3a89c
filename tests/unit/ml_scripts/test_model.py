"""The network: for images of any size, and the workshop's for those of the workshop."""

import numpy as np
import pytest

from model import build_model
from tensorflow_setup import keras


@pytest.mark.parametrize(
    "shape", [(1, 1, 1), (4, 4, 1), (8, 8, 1), (9, 30, 3), (10, 10, 1), (28, 28, 1), (33, 40, 3)]
)
def test_the_model_takes_raw_pixels_of_any_size(shape):
    model = build_model(shape, 7)
    pixels = np.full((2, *shape), 255, np.uint8)
    probabilities = keras.ops.convert_to_numpy(model(pixels))
    assert probabilities.shape == (2, 7)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_images_of_28_by_28_get_the_workshops_network():
    model = build_model((28, 28, 1), 10)
    assert model.count_params() == 225_034
    shapes = [layer.output.shape[1:] for layer in model.layers if "conv" in layer.name]
    assert shapes == [(26, 26, 32), (11, 11, 64)]
