"""The most confident mistakes of a model, as pictures that a page can hold."""

import base64
from io import BytesIO

import numpy as np
from PIL import Image

from predictions import Predictions

MOST = 24
LONGEST_SIDE = 128  # pixels; larger images are made smaller, so that a page stays small
COLOURS = 3


def most_confident(predictions: Predictions, images: np.ndarray, most: int = MOST) -> list[dict]:
    """Return the wrong predictions that the model was surest of, the surest first.

    Args:
        predictions: of all images.
        images: (n, height, width, channels) uint8, may be memory-mapped.
        most: how many at most.
    """
    wrong = np.flatnonzero(~predictions.correct)
    surest = wrong[np.argsort(-predictions.confidence[wrong], kind="stable")][:most]
    return [
        {
            "number": int(number),
            "true": int(predictions.labels[number]),
            "predicted": int(predictions.predicted[number]),
            "confidence": float(predictions.confidence[number]),
            "picture": data_uri(np.array(images[number])),
        }
        for number in surest
    ]


def data_uri(pixels: np.ndarray) -> str:
    """Return an image (height, width, channels) uint8 as the data: URI of a PNG.

    One channel is grey, three are colours. Of more the first three are shown, of two the first.
    """
    channels = COLOURS if pixels.shape[-1] >= COLOURS else 1
    shown = pixels[..., :COLOURS] if channels == COLOURS else pixels[..., 0]
    picture = Image.fromarray(np.ascontiguousarray(shown))
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))  # leaves smaller ones as they are
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
