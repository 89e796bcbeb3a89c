"""The networks: the one file that another network replaces.

docs/bring-your-own.md has a second one, for tables.
"""

from fitting.tensorflow_setup import keras

SMALLEST_UNPADDED_SIDE = 10  # 10 -> 8 -> 4 -> 2 -> 1: what the two blocks leave without padding


def workshop(image_shape: tuple[int, ...], classes: int) -> keras.Model:
    """Return the workshop's CNN for these images: raw pixels in, probabilities out.

    Images with a side under 10 pixels are padded, in convolution and pooling, because unpadded
    blocks would leave nothing of them.

    Args:
        image_shape: (height, width, channels); the model takes (n, height, width, channels) uint8.
        classes: the model returns (n, classes) float32.
    """
    return _cnn(image_shape, classes, normalized=False)


def normalized(image_shape: tuple[int, ...], classes: int) -> keras.Model:
    """Return the workshop's CNN with batch normalization, which learns faster.

    Ioffe, Szegedy: Batch Normalization, 2015, https://arxiv.org/abs/1502.03167. None behind the
    first convolution: there are most values, so that it costs a tenth of a step, and it makes no
    difference on the validation images. Arguments as those of `workshop`.
    """
    return _cnn(image_shape, classes, normalized=True)


# By the name that the hyperparameter `network` gives; the first is taken if none is given.
NETWORKS = {"workshop": workshop, "normalized": normalized}


def _cnn(image_shape: tuple[int, ...], classes: int, *, normalized: bool) -> keras.Model:
    layers = keras.layers
    padding = "valid" if min(image_shape[:2]) >= SMALLEST_UNPADDED_SIDE else "same"

    def activation() -> list[keras.Layer]:
        return [*([_normalization()] if normalized else []), layers.ReLU()]

    return keras.Sequential(
        [
            keras.Input(image_shape, dtype="uint8", name="pixels"),
            *_crop(image_shape, padding),
            layers.Rescaling(1 / 255),
            layers.Conv2D(32, 3, padding=padding),
            # Behind the pooling a ReLU gives the same as before it, of a quarter of the values.
            layers.MaxPooling2D(padding=padding),
            layers.ReLU(),
            layers.Conv2D(64, 3, padding=padding, use_bias=not normalized),
            layers.MaxPooling2D(padding=padding),
            *activation(),
            layers.Flatten(),
            layers.Dense(128, use_bias=not normalized),
            *activation(),
            # In full precision, whatever the rest computes in: losses are logarithms of it.
            layers.Dense(classes, activation="softmax", dtype="float32", name="probabilities"),
        ]
    )


def _crop(image_shape: tuple[int, ...], padding: str) -> list[keras.Layer]:
    """Leave out the last rows and columns where the pooling would: of 28 pixels it reads 26."""
    if padding == "same":
        return []
    height, width = (side - _side_read(side) for side in image_shape[:2])
    return [keras.layers.Cropping2D(((0, height), (0, width)))] if height or width else []


def _side_read(side: int) -> int:
    """Return how many of `side` pixels reach what the two unpadded blocks leave."""
    left = ((side - 2) // 2 - 2) // 2
    return (left * 2 + 2) * 2 + 2


def _normalization() -> keras.Layer:
    # Over the batch of all hosts, so that several train as one does. Few steps are enough to know
    # mean and spread: 0.99, Keras's own, would need hundreds.
    return keras.layers.BatchNormalization(momentum=0.9, synchronized=True)
