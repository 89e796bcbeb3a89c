"""TensorFlow and Keras with their settings made before the import, which is when they are read.

Every other module takes `tf` and `keras` from here.
"""

import os

from job.absent import absent

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors only: no banner of CPU features
os.environ["KERAS_BACKEND"] = "tensorflow"

# Keras imports them if it can, for plots, tables and wrappers that nothing here uses: they take a
# third of the time that the import of both takes.
with absent("matplotlib", "pandas", "sklearn"):
    import keras
    import tensorflow as tf

__all__ = ["keras", "make_deterministic", "tf"]

tf.get_logger().setLevel("ERROR")  # no "Assets written to" on export


def make_deterministic(seed: int) -> None:
    """Seed every generator and make equal inputs give equal bits.

    On a 2-core x86-64 machine an epoch of the workshop's CNN takes 7.6 to 8.5 s with deterministic
    operations and 7 to 8.6 s without: the difference is within the noise.
    """
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
