"""One kernel for each weight does what Keras's Adam does in many."""

import numpy as np

from fitting.optimizers import Adam
from fitting.schedules import learning_rate
from fitting.tensorflow_setup import keras, tf


def test_it_is_keras_adam():
    rate = learning_rate("one-cycle", 0.01, steps=20)
    ends = []
    for optimizer in (Adam(rate), keras.optimizers.Adam(rate)):
        random = np.random.default_rng(0)
        weights = [
            keras.Variable(random.normal(size=shape).astype(np.float32)) for shape in ((5, 3), (3,))
        ]
        for _ in range(20):
            gradients = [random.normal(size=weight.shape).astype(np.float32) for weight in weights]
            optimizer.apply_gradients(zip(map(tf.constant, gradients), weights, strict=True))
        variables = [*weights, *optimizer.variables]
        ends.append([keras.ops.convert_to_numpy(each) for each in variables])
    assert int(ends[0][2]) == 20
    for own, kerass in zip(*ends, strict=True):
        np.testing.assert_allclose(own, kerass, rtol=1e-4, atol=1e-6)
