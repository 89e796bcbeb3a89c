"""TensorFlow and Keras with their settings made before the import, which is when they are read.

Every other module takes `tf` and `keras` from here.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # errors only: no banner of CPU features
os.environ["KERAS_BACKEND"] = "tensorflow"

# Keras imports them if it can, for plots, tables and wrappers that nothing here uses: they take a
# third of the time that the import of both takes.
_OPTIONAL = ("matplotlib", "pandas", "sklearn")


@contextmanager
def _absent(names: tuple[str, ...]) -> Iterator[None]:
    """Let packages that are not imported yet look as if they were not installed."""
    hidden = [name for name in names if name not in sys.modules]
    # https://docs.python.org/3/reference/import.html#the-module-cache
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with _absent(_OPTIONAL):
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
