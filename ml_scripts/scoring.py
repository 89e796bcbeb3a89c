"""Load a trained model from its archive and get its probabilities for the test images."""

import tempfile
from pathlib import Path

import numpy as np

import archive
import history
from errors import ModelError
from tensorflow_setup import keras, tf

MODEL_FILE = "best_checkpoint.keras"
BATCH = 512


def load(model_archive: Path) -> tuple[keras.Model, list[history.Row]]:
    """Return the best model of a model.tar.gz and the history of its training.

    Raises:
        ModelError: the archive or the model in it cannot be read.
        DataError: its history.csv cannot be read.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        archive.extract(model_archive, folder)
        if not (folder / MODEL_FILE).is_file():
            raise ModelError(f"{model_archive.name}: {MODEL_FILE} is not in it")
        try:
            model = keras.models.load_model(folder / MODEL_FILE, compile=False, safe_mode=True)
        except Exception as error:  # Keras raises whatever the damaged part of the file led to
            raise ModelError(f"{MODEL_FILE}: cannot be loaded: {error}") from error
        return model, history.read(folder)


def predict(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return the probabilities (n, classes) for images (n, height, width, channels) uint8.

    Raises:
        ModelError: the model takes other images, or its output is no probabilities.
    """
    takes, there = tuple(model.input_shape[1:]), images.shape[1:]
    if takes != there:
        raise ModelError(f"the model takes images of shape {takes}, the test set has {there}")
    forward = tf.function(
        lambda pixels: model(pixels, training=False),
        input_signature=[tf.TensorSpec((None, *there), tf.uint8)],
    )
    parts = [forward(np.array(images[i : i + BATCH])) for i in range(0, len(images), BATCH)]
    probabilities = np.concatenate([part.numpy() for part in parts])
    if probabilities.ndim != 2 or not np.isfinite(probabilities).all():  # noqa: PLR2004
        found = f"an output of shape {probabilities.shape}, some of it not finite"
        raise ModelError(f"the model gives {found}, expected finite probabilities (n, classes)")
    return probabilities
