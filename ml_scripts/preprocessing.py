"""Turn uploaded files into train, validation and test arrays: the Preprocess step.

    python preprocessing.py --validation-fraction 0.2 --seed 42

Reads processing/source_data, writes processing/{train,validation,test}, all below /opt/ml. Files
are held to the data set's manifest.json where there is one; labels and headers are validated before
the first byte is written, images as they stream through. Outputs get their names when all of it was
good, so a bad upload leaves nothing downstream. dataset.py reads the files; what it gives stays as
it is, the model scales it.
Fashion-MNIST takes 0.7 s and 43 MB on a 2-core x86-64 machine, ten times as many images 67 MB:
labels and their order are in memory, 40 bytes an image; images are not.

With several instances each finds its share of the images in source_data/sharded and all other files
in source_data/replicated, and writes its share of the rows; together they are what one writes.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import dataset
from data import instances, manifest
from data.instances import ALONE, Instance
from data.part import Part, noun_of
from data.splitting import stratified_split
from data.writing import Split, write
from job import container
from job.errors import DataError

INPUTS = ("", "sharded", "replicated")  # folders of source_data
MIN_CLASSES = 2
MIN_PER_CLASS = 2  # one to fit, one to validate


def main() -> None:
    """Run the job with the command line's arguments and the container's folders."""
    arguments = parse_arguments(sys.argv[1:])
    base = container.base_directory()
    instance = instances.current(base)
    with _together(base / "processing/source_data") as source:
        splits = preprocess(source, arguments.validation_fraction, arguments.seed, instance)
        write(base / "processing", splits, instance)
    for name, split in splits.items():
        print(_line(name, split, instance), flush=True)


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """Read the step's parameters."""
    parser = container.ArgumentParser("Turn uploaded files into train, validation and test arrays.")
    parser.add_argument(
        "--validation-fraction",
        type=container.fraction,
        default=0.2,
        help="share of the training part held out for validation (default 0.2)",
    )
    parser.add_argument("--seed", type=container.seed, default=42, help="of the split (default 42)")
    return parser.parse_args(arguments)


def preprocess(
    source: Path, validation_fraction: float, seed: int, instance: Instance = ALONE
) -> dict[str, Split]:
    """Validate labels and headers of a data set; return what its splits will be, by name.

    Args:
        source: folder with the files that dataset.py reads, and perhaps a manifest.json.
        validation_fraction: share of the training part held out, stratified by class.
        seed: same seed and data, same splits.
        instance: the one that this is; of several each may lack files of the rows.

    Raises:
        DataError: names the file, what was found in it and what was expected.
    """
    manifest.verify(source, share=instance.count > 1)
    train, test = dataset.read(source)
    if instance.count == 1 and (missing := [*train.missing, *test.missing]):
        raise DataError(missing[0], "no such file", "exactly one file")
    classes = _check_training_labels(train)
    _check_test_part(test, train, classes)
    fitted, held_out = stratified_split(train.y, validation_fraction, seed)
    if len(np.unique(train.y[fitted])) < classes:
        found = f"{len(fitted):,} {train.noun}s left to train on"
        raise DataError(train.X_file, found, f"all {classes} classes: lower the fraction")
    return {
        "train": Split(train, fitted),
        "validation": Split(train, held_out),
        "test": Split(test, np.arange(len(test.y))),
    }


@contextmanager
def _together(inputs: Path) -> Iterator[Path]:
    """Make one folder of links to the files of all the job's inputs."""
    with tempfile.TemporaryDirectory() as folder:
        for file in (file for name in INPUTS for file in (inputs / name).glob("*")):
            if file.is_file():
                (Path(folder) / file.name).symlink_to(file.absolute())
        yield Path(folder)


def _line(name: str, split: Split, instance: Instance) -> str:
    """Tell what was written of a split."""
    X, rows = split.part.X, len(split.rows)
    if instance.count == 1:
        return f"{name}: {rows:,} {noun_of(X)}s of shape {X.shape[1:]}"
    written = int(split.part.held()[split.rows].sum())
    of = f"by instance {instance.number} of {instance.count}"
    return f"{name}: {written:,} of {rows:,} {noun_of(X)}s {of}"


def _check_training_labels(train: Part) -> int:
    """Hold the labels to 0..classes-1 without a gap; return the number of classes."""
    values, counts = np.unique(train.y, return_counts=True)
    if len(values) < MIN_CLASSES:
        found = f"only the label {values[0]}"
        raise DataError(train.y_file, found, f"at least {MIN_CLASSES} classes")
    if values[0] != 0 or values[-1] != len(values) - 1:
        found = f"{len(values)} different labels from {values[0]} to {values[-1]}"
        file = train.file_of_label(_oddest(train.y))
        raise DataError(file, found, f"0 to {len(values) - 1}, none missing")
    if (fewest := counts.min()) < MIN_PER_CLASS:
        found = f"{fewest} {train.noun} of class {counts.argmin()}"
        raise DataError(train.y_file, found, f"at least {MIN_PER_CLASS} of each class")
    return len(values)


def _check_test_part(test: Part, train: Part, classes: int) -> None:
    """Hold the test part to the shape and the classes of the training part."""
    lowest, highest = test.y.min(), test.y.max()
    if lowest < 0 or highest >= classes:
        found = f"labels from {lowest} to {highest}"
        expected = f"0 to {classes - 1}, the classes of the training {train.noun}s"
        raise DataError(test.file_of_label(_oddest(test.y)), found, expected)
    known = train.held().any() and test.held().any()  # of one or the other may all be elsewhere
    if known and test.X.shape[1:] != train.X.shape[1:]:
        found = f"{test.noun}s of shape {test.X.shape[1:]}"
        expected = f"{train.X.shape[1:]}, as the training {train.noun}s"
        raise DataError(test.X_file, found, expected)


def _oddest(labels: np.ndarray) -> int:
    """Return the row of the label that is the lowest if that is below 0, else of the highest."""
    return int(labels.argmin() if labels.min() < 0 else labels.argmax())


if __name__ == "__main__":
    sys.exit(container.run(main, "message"))
