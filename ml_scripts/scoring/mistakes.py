"""The most confident mistakes of a model: of images their pictures, of rows what is odd in them."""

import base64
from collections.abc import Callable, Sequence
from io import BytesIO

import numpy as np
from PIL import Image

from data.part import noun_of
from data.stored import Examples
from scoring.predictions import Predictions

MOST = 24
MOST_VALUES = 4  # of a row
LONGEST_SIDE = 128  # pixels; larger images are made smaller, so that a page stays small
COLOURS = 3


def most_confident(
    predictions: Predictions, images: Examples, features: Sequence[str] = (), most: int = MOST
) -> list[dict]:
    """Return the wrong predictions that the model was surest of, the surest first.

    An image comes with its `picture`, a row with its `values`.

    Args:
        predictions: of all images or rows.
        images: (n, height, width, channels) uint8, or rows (n, features) float32; an array, or
            StoredRows.
        features: the names of the columns of rows.
        most: how many at most.
    """
    wrong = np.flatnonzero(~predictions.correct)
    surest = wrong[np.argsort(-predictions.confidence[wrong], kind="stable")][:most]
    show = _show_picture(images) if noun_of(images) == "image" else _show_values(images, features)
    return [
        {
            "number": int(number),
            "true": int(predictions.labels[number]),
            "predicted": int(predictions.predicted[number]),
            "confidence": float(predictions.confidence[number]),
            **show(number),
        }
        for number in surest
    ]


def _show_picture(images: Examples) -> Callable[[int], dict]:
    return lambda number: {"picture": data_uri(np.array(images[number]))}


def _show_values(rows: Examples, features: Sequence[str]) -> Callable[[int], dict]:
    """Show the values of a row that are furthest from the mean of all, in standard deviations."""
    mean = np.mean(rows, axis=0, dtype=np.float64)
    deviation = np.std(rows, axis=0, dtype=np.float64)

    def show(number: int) -> dict:
        row = rows[number]
        away = np.divide(row - mean, deviation, out=np.zeros_like(mean), where=deviation > 0)
        columns = np.argsort(-np.abs(away), kind="stable")[:MOST_VALUES]
        values = [(features[i], float(row[i]), float(away[i])) for i in columns]
        names = ("name", "value", "deviations")
        return {"values": [dict(zip(names, each, strict=True)) for each in values]}

    return show


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
