"""The optimizer of the training."""

from typing import Any

from fitting.schedules import LearningRate
from fitting.tensorflow_setup import keras, tf


class Adam(keras.optimizers.Adam):
    """Keras's Adam with its default settings, each weight updated by one kernel.

    Keras makes some ten operations of it, which costs a tenth of a step with 64 images. The formula
    is the same, the results differ by rounding.
    https://www.tensorflow.org/api_docs/python/tf/raw_ops/ResourceApplyAdam
    Kingma, Ba: Adam, 2014, https://arxiv.org/abs/1412.6980.
    """

    def __init__(self, learning_rate: LearningRate) -> None:
        super().__init__(learning_rate, name="adam")

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: Any) -> None:
        """Update the weight and its two moments; Keras calls it for each weight in turn."""
        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations.value + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.pow(self.beta_1, step),
            beta2_power=tf.pow(self.beta_2, step),
            lr=tf.cast(learning_rate, tf.float32),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, tf.float32),
        )
