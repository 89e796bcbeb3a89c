"""Read an uploaded data set: the one file that another file format replaces.

This one reads IDX files, gzipped or not. docs/bring-your-own.md has a second one, for CSV.
"""

from pathlib import Path

from errors import DataError
from idx import read_images, read_labels
from part import Part

TRAIN, TEST = ("train",), ("t10k", "test")  # how the names of the files of a part begin


def read(source: Path) -> tuple[Part, Part]:
    """Return the training and the test part.

    Args:
        source: folder with one images file and one labels file for training (train-images*,
            train-labels*) and for testing (t10k-* or test-*).

    Raises:
        DataError: names the file, what was found in it and what was expected.
    """
    return _read_part(source, TRAIN), _read_part(source, TEST)


def _read_part(source: Path, part: tuple[str, ...]) -> Part:
    images_file, labels_file = (_find(source, part, kind) for kind in ("images", "labels"))
    images, labels = read_images(images_file), read_labels(labels_file)
    if len(images) != len(labels):
        expected = f"{len(images):,}, as many as images in {images_file.name}"
        raise DataError(labels_file.name, f"{len(labels):,} labels", expected)
    if not len(images):
        raise DataError(images_file.name, "no image", "at least one")
    return Part(images_file.name, labels_file.name, images, labels)


def _find(source: Path, part: tuple[str, ...], kind: str) -> Path:
    """Return the one file of this part (train or test) and kind (images or labels)."""
    patterns = [f"{prefix}-{kind}*" for prefix in part]
    found = sorted(path for pattern in patterns for path in source.glob(pattern))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "no such file"
        raise DataError(" or ".join(patterns), names, "exactly one file")
    return found[0]
