"""Read an uploaded data set: the one file that another file format replaces.

This one reads IDX files, gzipped or not: of each part one file of images and one of labels, or many
of each. docs/bring-your-own.md has a second one, for CSV.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data.idx import IdxFile, ImagesFile, LabelsFile
from data.part import Part, StreamedRows
from job.errors import DataError

TRAIN, TEST = ("train",), ("t10k", "test")  # how the names of the files of a part begin
NO_SHAPE = (0, 0, 0)  # of images that are all with other instances
Shards = dict[str, list[Path]]  # files by what tells a shard from the others in their names


def read(source: Path) -> tuple[Part, Part]:
    """Return the training and the test part.

    Labels are read as a whole; of images only the headers, until they are asked for.

    Args:
        source: folder with one file of images and one of labels for training (train-images*,
            train-labels*) and for testing (t10k-* or test-*), or with shards of them, in the order
            of their names (train-00-images* and train-00-labels*, train-01-images*, ...).

    Raises:
        DataError: names the file, what was found in it and what was expected.
    """
    return _read_part(source, TRAIN), _read_part(source, TEST)


def _read_part(source: Path, prefixes: tuple[str, ...]) -> Part:
    images, labels = (_find(source, prefixes, kind) for kind in ("images", "labels"))
    images_files: list[tuple[int, ImagesFile]] = []
    labels_files: list[tuple[int, LabelsFile]] = []
    missing, rows = [], 0
    for shard in _shards(prefixes, images, labels):
        labels_file = LabelsFile(_only(prefixes, labels, shard, "labels"))
        if shard in images:
            images_file = ImagesFile(_only(prefixes, images, shard, "images"))
            _check_count(labels_file, images_file)
            images_files.append((rows, images_file))
        else:
            missing.append(_pattern(prefixes, shard, "images"))
        labels_files.append((rows, labels_file))
        rows += len(labels_file)
    if not rows:
        name = images_files[0][1].path.name if images_files else missing[0]
        raise DataError(name, "no image", "at least one")
    return Part(
        _name(prefixes, [file for _, file in images_files], "images"),
        _name(prefixes, [file for _, file in labels_files], "labels"),
        StreamedRows((rows, *_image_shape(images_files)), np.dtype(np.uint8), images_files),
        np.concatenate([file.read() for _, file in labels_files]),
        y_files=tuple((first, file.path.name) for first, file in labels_files),
        missing=tuple(missing),
    )


def _find(source: Path, prefixes: tuple[str, ...], kind: str) -> Shards:
    """Return the files of this part (train or test) and kind (images or labels), by shard.

    The shard is "" where nothing stands between the name's beginning and the kind.
    """
    name = re.compile(rf"(?:{'|'.join(prefixes)})-(.+?-)??{kind}")
    found = defaultdict(list)
    for path in sorted(source.glob("*")):
        if match := name.match(path.name):
            found[match[1] or ""].append(path)
    return dict(found)


def _shards(prefixes: tuple[str, ...], images: Shards, labels: Shards) -> list[str]:
    """Return the shards in the order of their names; the one, "", where there is no file at all."""
    whole, *others = sorted(images.keys() | labels.keys()) or [""]
    if whole == "" and others:
        (one, *_), (other, *_) = ((images | labels)[shard] for shard in (whole, others[0]))
        part = " or ".join(f"{prefix}-*" for prefix in prefixes)
        raise DataError(part, f"{one.name} beside {other.name}", "one file of a kind, or shards")
    return [whole, *others]


def _only(prefixes: tuple[str, ...], files: Shards, shard: str, kind: str) -> Path:
    found = files.get(shard, ())
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "no such file"
        raise DataError(_pattern(prefixes, shard, kind), names, "exactly one file")
    return found[0]


def _pattern(prefixes: tuple[str, ...], shard: str, kind: str) -> str:
    return " or ".join(f"{prefix}-{shard}{kind}*" for prefix in prefixes)


def _name(prefixes: tuple[str, ...], files: Sequence[IdxFile], kind: str) -> str:
    """Return what to call the files of a kind in messages."""
    return files[0].path.name if len(files) == 1 else _pattern(prefixes, "*-", kind)


def _check_count(labels: LabelsFile, images: ImagesFile) -> None:
    if len(labels) != len(images):
        expected = f"{len(images):,}, as many as images in {images.path.name}"
        raise DataError(labels.path.name, f"{len(labels):,} labels", expected)


def _image_shape(files: Sequence[tuple[int, ImagesFile]]) -> tuple[int, ...]:
    """Return the shape of an image, the same in all files."""
    if not files:
        return NO_SHAPE
    first = files[0][1]
    for _, file in files:
        if file.image_shape != first.image_shape:
            found = f"images of shape {file.image_shape}"
            raise DataError(file.path.name, found, f"{first.image_shape}, as in {first.path.name}")
    return first.image_shape
