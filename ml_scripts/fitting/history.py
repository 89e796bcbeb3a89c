"""The history of a training: one row per epoch, as log line and as history.csv."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

from job.errors import DataError

FIELDS = ("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "seconds")
FILE_NAME = "history.csv"

Row = dict[str, float]  # FIELDS


def best_epoch(history: Sequence[Row]) -> int:
    """Return the epoch of the highest validation accuracy; among equals, of the lowest loss."""
    best = max(history, key=lambda row: (row["val_accuracy"], -row["val_loss"], -row["epoch"]))
    return int(best["epoch"])


def log_line(row: Row, epochs: int) -> str:
    """Return the line that the training job's MetricDefinitions read."""
    metrics = "; ".join(f"{name}={row[name]:.6f}" for name in FIELDS[1:5])
    return f"epoch={row['epoch']}/{epochs}; {metrics}; seconds={row['seconds']:.1f};"


def write(folder: Path, history: Sequence[Row]) -> None:
    """Write history.csv into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / FILE_NAME).open("w", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(history)


def read(folder: Path) -> list[Row]:
    """Return the rows of the folder's history.csv, none if there is no such file.

    Raises:
        DataError: the file is there but is not a history.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return []
    expected = f"finite numbers for {', '.join(FIELDS)}"
    with path.open(newline="", encoding="utf-8") as file:
        try:
            rows = [{name: float(row[name]) for name in FIELDS} for row in csv.DictReader(file)]
        except (csv.Error, KeyError, TypeError, ValueError) as error:
            raise DataError(FILE_NAME, repr(error), expected) from None
    if odd := [value for row in rows for value in row.values() if not math.isfinite(value)]:
        raise DataError(FILE_NAME, odd[0], expected)
    return rows
