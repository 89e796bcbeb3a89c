"""How fast this machine could train at best: its matrix products, and how many a network takes."""

import statistics
import time

import numpy as np

SIDE = 2048  # of the matrices: 8 G floating-point operations a product
PRODUCTS = 12


def gigaflops() -> float:
    """Return the median of some products of two float32 matrices, in GFLOP/s, on all cores."""
    import tensorflow as tf  # noqa: PLC0415 - takes seconds

    random = np.random.default_rng(0)
    left, right = (tf.constant(random.random((SIDE, SIDE), np.float32)) for _ in range(2))
    product = tf.function(tf.matmul)
    seconds = []
    for _ in range(PRODUCTS):
        began = time.perf_counter()
        product(left, right).numpy()
        seconds.append(time.perf_counter() - began)
    return 2 * SIDE**3 / statistics.median(seconds) / 1e9


def flops(side: int, channels: int, classes: int) -> tuple[int, int]:
    """Return the floating-point operations of the workshop's CNN for one image: fitted, validated.

    A layer's product is made once to validate. To fit, it is made for the gradient of its weights
    as well, and for that of its input, which the first layer does not need. Rows and columns that
    pooling never reads are not counted.
    """
    second = ((side - 2) // 2 - 2) // 2 * 2  # rows of the second convolution that are read
    first = 2 * (second + 2)
    in_first = 2 * first**2 * 32 * 9 * channels
    behind = 2 * (second**2 * 64 * 9 * 32 + (second // 2) ** 2 * 64 * 128 + 128 * classes)
    return 2 * in_first + 3 * behind, in_first + behind


def epoch_seconds(fitted: int, validated: int, flops: tuple[int, int], gflops: float) -> float:
    """Return the least time in which the arithmetic of an epoch can be done.

    Args:
        fitted, validated: images of each kind.
        flops: what one of each kind needs.
        gflops: what the machine does in a nanosecond.
    """
    return (flops[0] * fitted + flops[1] * validated) / gflops / 1e9
