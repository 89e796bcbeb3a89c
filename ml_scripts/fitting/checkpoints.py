"""Checkpoints: all that a training needs to go on, in one file per epoch, whole or ignored.

A file is named `epoch-0003-<digest>.npz`, where the digest is the beginning of the file's own
SHA-256. It is written under another name, flushed to the disk, and renamed, so a crash leaves the
older files as they were; a file that a crash or a sync tore does not match its name. SageMaker
syncs the folder file by file, hence one self-contained file: it also carries the best weights so
far, and losing any other file costs nothing.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.arrays import load_npz
from job.container import one_line
from job.errors import DataError

KEEP = 3
DIGEST_LENGTH = 16
FILE_NAME = re.compile(rf"epoch-(\d{{4,}})-([0-9a-f]{{{DIGEST_LENGTH}}})\.npz")
PARTIAL = ".partial"

GROUPS = ("model", "optimizer", "best")


@dataclass(frozen=True)
class Checkpoint:
    """The state of a training after an epoch.

    Random state is part of it: the generators of the layers are among the model's variables, and
    all others start anew each epoch from the seed (in the settings) and the epoch's number.
    """

    settings: dict  # what must be the same when training goes on; JSON values
    history: list[dict[str, float]]  # one row per epoch
    model: list[np.ndarray]  # values of model.variables
    optimizer: list[np.ndarray]  # values of optimizer.variables
    best: list[np.ndarray]  # model.variables after the best epoch so far

    @property
    def epoch(self) -> int:
        """Number of finished epochs."""
        return len(self.history)


def save(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint atomically, drop all but the last few, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f"epoch-{checkpoint.epoch:04d}{PARTIAL}"
    try:
        digest = _write(partial, checkpoint)
        path = folder / f"epoch-{checkpoint.epoch:04d}-{digest}.npz"
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    _sync_folder(folder)
    _prune(folder, path)
    return path


def newest(folder: Path, log: Callable[[str], None] = print) -> Checkpoint | None:
    """Return the newest whole checkpoint in the folder, None if there is none.

    Args:
        folder: may be missing or empty.
        log: told of every damaged file that was passed over.
    """
    for _, path in reversed(_files(folder)):
        try:
            if (problem := _damage(path)) is None:
                return _read(path)
        except DataError as error:
            problem = str(error)
        log(f"ignoring the checkpoint {path.name}: {one_line(problem)}")
    return None


def _write(path: Path, checkpoint: Checkpoint) -> str:
    """Write the file through to the disk; return the digest for its name."""
    arrays = {
        f"{group}/{index:04d}": value
        for group in GROUPS
        for index, value in enumerate(getattr(checkpoint, group))
    }
    metadata = {"settings": checkpoint.settings, "history": checkpoint.history}
    arrays["metadata"] = np.frombuffer(json.dumps(metadata).encode(), np.uint8)
    with path.open("wb+") as file:
        np.savez(file, allow_pickle=False, **arrays)
        file.flush()
        os.fsync(file.fileno())
    return _digest(path)


def _read(path: Path) -> Checkpoint:
    """Raises DataError. What save wrote is stored as it is, and so no larger than its file."""
    arrays = load_npz(path, "a checkpoint", max_bytes=path.stat().st_size)
    expected = "JSON with settings and history"
    try:
        metadata = json.loads(arrays["metadata"].tobytes())
        settings, history = metadata["settings"], metadata["history"]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise DataError("metadata", repr(error), expected) from None
    if not isinstance(settings, dict) or not isinstance(history, list):
        raise DataError("metadata", f"{type(settings)} and {type(history)}", expected)
    model, optimizer, best = (
        [arrays[name] for name in sorted(arrays) if name.startswith(f"{group}/")]
        for group in GROUPS
    )
    return Checkpoint(settings, history, model, optimizer, best)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:DIGEST_LENGTH]


def _damage(path: Path) -> str | None:
    expected, found = path.stem.rpartition("-")[2], _digest(path)
    return None if found == expected else f"its digest is {found}"


def _files(folder: Path) -> list[tuple[int, Path]]:
    """Return (epoch, path) of every checkpoint file, oldest first."""
    names = ((FILE_NAME.fullmatch(path.name), path) for path in folder.glob("epoch-*.npz"))
    return sorted((int(match[1]), path) for match, path in names if match)


def _prune(folder: Path, newest_path: Path) -> None:
    """Keep the last few up to the newest; damaged ones after it and half-written ones go."""
    older = [path for _, path in _files(folder) if path.name < newest_path.name]
    kept = {newest_path, *older[-(KEEP - 1) :]}
    stale = [path for _, path in _files(folder) if path not in kept]
    for path in (*stale, *folder.glob(f"*{PARTIAL}")):
        path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself survive a crash."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
