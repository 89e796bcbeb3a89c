"""Load a trained model from its archive, get its probabilities for the test images, score it."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.part import noun_of
from data.stored import Examples
from fitting import history
from fitting.tensorflow_setup import keras, tf
from job import archive, model_digest
from job.errors import ModelError
from scoring import footprint, metrics
from scoring.predictions import Predictions

MODEL_FILE = "best_checkpoint.keras"
# The safe mode of older ones can be left: CVE-2025-1550, CVE-2025-8747, CVE-2025-9906.
OLDEST_KERAS = (3, 11)
BATCH = 512
SUM_TOLERANCE = 1e-3  # of a softmax in half precision


@dataclass(frozen=True)
class Scored:
    """A model's scores on the test set, what the model is, and how it was trained."""

    scores: metrics.Scores
    model: dict  # the block of evaluation.json
    history: list[history.Row]

    def as_json(self) -> dict:
        """Return the blocks of evaluation.json that tell of this model alone."""
        return {**metrics.as_json(self.scores), "model": self.model}


def score(
    model_archive: Path,
    images: Examples,
    labels: np.ndarray,
    classes: int | None = None,
    *,
    sha256: str,
) -> Scored:
    """Score the model of a model.tar.gz on the test set.

    Args:
        model_archive: as SageMaker packs it.
        images: (n, height, width, channels) uint8, or rows (n, features) float32; an array, or
            StoredRows.
        labels: (n,) integers.
        classes: how many the model must know; as many as it does if None.
        sha256: the model's digest, as its training recorded it.

    Raises:
        ModelError: the model cannot be read, is another one, or does not fit the test set.
        DataError: the history beside it cannot be read.
    """
    model, rows = load(model_archive, sha256)
    forward = compiled(model, images)
    probabilities = predict(forward, images)
    found = probabilities.shape[1]
    if classes is not None and found != classes:
        raise ModelError(f"the model knows {found} classes, expected {classes}")
    if not 0 <= labels.min() <= labels.max() < found:
        span = f"{labels.min()} to {labels.max()}"
        raise ModelError(f"the model knows {found} classes, the test labels are {span}")
    scores = metrics.score(Predictions(labels, probabilities))
    described = footprint.measure(model_archive, model, forward, images[0])
    return Scored(scores, {"sha256": sha256, **described}, rows)


def load(model_archive: Path, sha256: str) -> tuple[keras.Model, list[history.Row]]:
    """Return the best model of a model.tar.gz and the history of its training.

    Nothing that is unpacked is opened before it is known to be what the digest is of.

    Raises:
        ModelError: the archive or the model in it cannot be read, or is another one.
        DataError: its history.csv cannot be read.
    """
    check_keras(keras.__version__)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        archive.extract(model_archive, folder)
        model_digest.check(folder, model_archive.name, sha256)
        if not (folder / MODEL_FILE).is_file():
            raise ModelError(f"{model_archive.name}: {MODEL_FILE} is not in it")
        try:
            model = keras.models.load_model(folder / MODEL_FILE, compile=False, safe_mode=True)
        except Exception as error:  # Keras raises whatever the damaged part of the file led to
            raise ModelError(f"{MODEL_FILE}: cannot be loaded: {error}") from error
        return model, history.read(folder)


def check_keras(version: str) -> None:
    """Refuse to open models with a Keras whose safe mode is known to have holes.

    Raises:
        ModelError: the version is older than `OLDEST_KERAS`.
    """
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST_KERAS:
        oldest = ".".join(map(str, OLDEST_KERAS))
        raise ModelError(
            f"found Keras {version}, expected {oldest} or newer: requirements.txt of the scripts "
            f"has a version whose safe mode holds"
        )


def compiled(model: keras.Model, images: Examples) -> Callable[[np.ndarray], np.ndarray]:
    """Return the model as a function from such images, or rows, to its output.

    Raises:
        ModelError: the model takes others.
    """
    takes, shape = tuple(model.input_shape[1:]), images.shape[1:]
    if takes != shape:
        noun = noun_of(images)
        raise ModelError(f"the model takes {noun}s of shape {takes}, the test set has {shape}")
    forward = tf.function(
        lambda pixels: model(pixels, training=False),
        input_signature=[tf.TensorSpec((None, *shape), images.dtype)],
    )
    return lambda pixels: forward(pixels).numpy()


def predict(forward: Callable[[np.ndarray], np.ndarray], images: Examples) -> np.ndarray:
    """Return the probabilities (n, classes) float32 for n images or rows.

    Raises:
        ModelError: the output is no probabilities.
    """
    parts = [forward(np.array(images[i : i + BATCH])) for i in range(0, len(images), BATCH)]
    output = np.concatenate(parts).astype(np.float32)
    sums = output.sum(axis=-1)
    shares = (output >= 0).all() and np.allclose(sums, 1, rtol=0, atol=SUM_TOLERANCE)
    if output.ndim != 2 or not shares:  # noqa: PLR2004
        found = f"{output.min():g} to {output.max():g} in an array {output.shape}"
        expected = "probabilities (n, classes), each row with the sum 1"
        raise ModelError(f"the model gives {found}, expected {expected}")
    return np.minimum(output, 1)
