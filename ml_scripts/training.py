"""The training: checkpoints every epoch, exact resume, export of the best epoch.

`make bench` measures what it costs and scores on Fashion-MNIST, with the default recipe and with
the workshop's.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from data.stored import Examples
from fitting import checkpoints, history, hosts
from fitting.history import Row
from fitting.loop import Loop
from fitting.optimizers import Adam
from fitting.schedules import CONSTANT, learning_rate
from fitting.tensorflow_setup import keras, tf
from job.errors import TrainingError

BEST_MODEL_FILE = "best_checkpoint.keras"
SERVING_VERSION = "1"  # TensorFlow Serving wants the SavedModel in a numbered folder
MIN_CLASSES = 2


@dataclass(frozen=True)
class Settings:
    """The hyperparameters; the defaults are the workshop's."""

    epochs: int = 10
    batch_size: int = 64  # images per step, over all hosts together
    learning_rate: float = 0.001  # of Adam; the highest one where a schedule changes it
    seed: int = 42
    schedule: str = CONSTANT


def count_classes(labels: np.ndarray) -> int:
    """Return the number of classes.

    Raises:
        TrainingError: the labels are not 0..classes-1 without a gap.
    """
    values = np.unique(labels)
    if len(values) < MIN_CLASSES or values[0] != 0 or values[-1] != len(values) - 1:
        found = f"{len(values)} different labels from {values[0]} to {values[-1]}"
        raise TrainingError(f"training labels: found {found}, expected 0 to n-1, none missing")
    return len(values)


@hosts.losses_named()
def train_model(  # noqa: PLR0917 - the arrays in the order of every Keras call
    model: keras.Model,
    X_train: Examples,
    y_train: np.ndarray,
    X_val: Examples,
    y_val: np.ndarray,
    output_dir: Path,
    *,
    checkpoint_dir: Path,
    settings: Settings,
    strategy: tf.distribute.Strategy | None = None,
    saved: keras.Model | None = None,
    log: Callable[[str], None] = print,
    record: Callable[[Row], None] = lambda _: None,
) -> list[Row]:
    """Train, resuming at the last whole checkpoint, and export the best epoch; return the history.

    The best epoch is the one of the highest validation accuracy; among equals, of the lowest
    validation loss. It goes to output_dir as best_checkpoint.keras and as a SavedModel in 1/,
    beside history.csv.

    Args:
        model: built in the strategy's scope, not compiled.
        X_train, X_val: (n, height, width, channels) uint8, or rows (n, features) float32; arrays,
            or StoredRows.
        y_train, y_val: (n,) integers 0..classes-1.
        output_dir: the model folder, becomes model.tar.gz.
        checkpoint_dir: holds the checkpoints of this training and of no other.
        settings: the hyperparameters.
        strategy: of the scope that the model was built in; TensorFlow's default if None.
        saved: gets the weights of the best epoch and is what is exported; `model` if None.
        log: told one line per epoch, once its checkpoint is safe.
        record: given the row of every epoch in turn, those before a resume as well.

    Raises:
        TrainingError: the loss is not finite, the checkpoints are of another training, or the disk
            does not take what is written; of several hosts, that they differ or one is gone.
    """
    strategy = strategy or tf.distribute.get_strategy()
    steps = settings.epochs * math.ceil(len(X_train) / settings.batch_size)
    with strategy.scope():
        optimizer = Adam(learning_rate(settings.schedule, settings.learning_rate, steps))
    training = Loop(model, optimizer, strategy, settings.batch_size, settings.seed)
    identity = _identity(settings, X_train, model)
    state = _resume(checkpoint_dir, identity, training, settings, log)
    hosts.check_same(strategy, "the last finished epoch", state.epoch)
    for row in state.history:
        record(row)
    for epoch in range(state.epoch + 1, settings.epochs + 1):
        row = _run_epoch(training, (X_train, y_train), (X_val, y_val), epoch)
        _check_finite(row, settings)
        state = _advance(state, row, training)
        if hosts.is_chief(strategy):
            _save(checkpoint_dir, state)
        log(history.log_line(row, settings.epochs))
        record(row)
    saved = model if saved is None else saved
    _assign(saved.variables, state.best)
    if hosts.is_chief(strategy):
        _export(saved, state, output_dir)
    return state.history


def _identity(settings: Settings, images: Examples, model: keras.Model) -> dict:
    """Return what must be the same for a checkpoint to be of this training."""
    identity = asdict(settings)
    if settings.schedule == CONSTANT:  # then more epochs only go on
        del identity["epochs"]
    identity["images"] = list(images.shape)
    identity["weights"] = [list(variable.shape) for variable in model.variables]
    return identity


def _resume(
    folder: Path,
    identity: dict,
    training: Loop,
    settings: Settings,
    log: Callable[[str], None],
) -> checkpoints.Checkpoint:
    """Bring model and optimizer to the newest whole checkpoint; return it, or an empty one."""
    found = checkpoints.newest(folder, log)
    if found is None:
        return checkpoints.Checkpoint(identity, [], [], [], [])
    for name, value in identity.items():
        if found.settings.get(name) != value:
            problem = f"{name} is {found.settings.get(name)} in them and {value} here"
            raise TrainingError(f"the checkpoints are of another training: {problem}")
    if found.epoch > settings.epochs:
        asked = f"{settings.epochs} epochs were asked for"
        raise TrainingError(f"the checkpoints go to epoch {found.epoch}, but {asked}")
    _assign(training.model.variables, found.model)
    _assign(training.optimizer.variables, found.optimizer)
    log(f"resuming after epoch {found.epoch}")
    return found


def _run_epoch(
    training: Loop,
    train: tuple[Examples, np.ndarray],
    validation: tuple[Examples, np.ndarray],
    epoch: int,
) -> Row:
    started = time.monotonic()
    loss, accuracy = training.train_epoch(*train, epoch)
    val_loss, val_accuracy = training.validate(*validation)
    seconds = round(time.monotonic() - started, 3)
    values = (epoch, loss, accuracy, val_loss, val_accuracy, seconds)
    return dict(zip(history.FIELDS, values, strict=True))


def _check_finite(row: Row, settings: Settings) -> None:
    for name in ("loss", "val_loss"):
        if not math.isfinite(row[name]):
            raise TrainingError(
                f"{name} is {row[name]} in epoch {row['epoch']}, expected a finite number: "
                f"lower the learning rate (now {settings.learning_rate:g})"
            )


def _advance(state: checkpoints.Checkpoint, row: Row, training: Loop) -> checkpoints.Checkpoint:
    """Return the state after one more epoch."""
    rows = [*state.history, row]
    model = _values(training.model.variables)
    best = model if history.best_epoch(rows) == len(rows) else state.best
    optimizer = _values(training.optimizer.variables)
    return checkpoints.Checkpoint(state.settings, rows, model, optimizer, best)


def _save(folder: Path, state: checkpoints.Checkpoint) -> None:
    try:
        checkpoints.save(folder, state)
    except OSError as error:
        problem = f"the checkpoint of epoch {state.epoch} cannot be written: {error}"
        raise TrainingError(f"{problem}; the ones before it are as they were") from error


def _values(variables: Sequence[keras.Variable]) -> list[np.ndarray]:
    return [np.array(variable.value.numpy()) for variable in variables]


def _assign(variables: Sequence[keras.Variable], values: Sequence[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _export(model: keras.Model, state: checkpoints.Checkpoint, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        model.save(folder / BEST_MODEL_FILE)
        model.export(folder / SERVING_VERSION, verbose=False)
        history.write(folder, state.history)
    except (OSError, tf.errors.OpError) as error:
        problem = f"the model cannot be written: {error}"
        raise TrainingError(f"{problem}; the checkpoints are as they were") from error
