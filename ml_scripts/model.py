"""The network: the one file that another network replaces.

docs/bring-your-own.md has a second one, for tables.
"""

from tensorflow_setup import keras

SMALLEST_UNPADDED_SIDE = 10  # 10 -> 8 -> 4 -> 2 -> 1: what the two blocks leave without padding


def build_model(image_shape: tuple[int, ...], classes: int) -> keras.Model:
    """Return the workshop's CNN for these images: raw pixels in, probabilities out.

    Images with a side under 10 pixels are padded, in convolution and pooling, because unpadded
    blocks would leave nothing of them; larger ones get the workshop's network as it is.

    Args:
        image_shape: (height, width, channels); the model takes (n, height, width, channels) uint8.
        classes: the model returns (n, classes) float32.
    """
    layers = keras.layers
    padding = "valid" if min(image_shape[:2]) >= SMALLEST_UNPADDED_SIDE else "same"
    return keras.Sequential(
        [
            keras.Input(image_shape, dtype="uint8", name="pixels"),
            layers.Rescaling(1 / 255),
            layers.Conv2D(32, 3, activation="relu", padding=padding),
            layers.MaxPooling2D(padding=padding),
            layers.Conv2D(64, 3, activation="relu", padding=padding),
            layers.MaxPooling2D(padding=padding),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(classes, activation="softmax", name="probabilities"),
        ]
    )
