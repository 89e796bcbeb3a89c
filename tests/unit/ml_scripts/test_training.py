"""The training: what a resumed one must equal is every bit."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from fitting import checkpoints
from fitting.history import best_epoch
from fitting.schedules import ONE_CYCLE
from fitting.tensorflow_setup import keras, make_deterministic
from job.errors import TrainingError
from training import Settings, count_classes, train_model

SHAPE, CLASSES = (6, 5, 1), 3
RANDOM = np.random.default_rng(11)
LABELS = np.tile(np.arange(CLASSES), 15)
IMAGES = RANDOM.integers(0, 80, (45, *SHAPE)).astype(np.uint8) + 80 * LABELS[:, None, None, None]
IMAGES = IMAGES.astype(np.uint8)


@pytest.mark.parametrize("labels", [[0, 0], [1, 2], [0, 2], [-1, 0, 1], [0, 1, 200]])
def test_labels_with_a_gap_are_refused(labels):
    with pytest.raises(TrainingError, match="expected 0 to n-1, none missing"):
        count_classes(np.array(labels))


def test_classes_are_counted():
    assert count_classes(np.array([2, 0, 1, 1])) == 3


def _model() -> keras.Model:
    """A network with what is easiest to get wrong: dropout's random state and moving averages."""
    make_deterministic(7)
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input(SHAPE, dtype="uint8"),
            layers.Rescaling(1 / 255),
            layers.Flatten(),
            layers.Dense(8, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(CLASSES, activation="softmax"),
        ]
    )


def _train(folder, epochs, learning_rate=0.1, kill_at="never", **settings):
    """Train at a rate so high that the best epoch comes early."""
    lines: list[str] = []

    def log(line: str) -> None:
        lines.append(line)
        if line.startswith(kill_at):
            raise KeyboardInterrupt

    history = train_model(
        _model(),
        IMAGES[:30],
        LABELS[:30],
        IMAGES[30:],
        LABELS[30:],
        folder / "model",
        checkpoint_dir=folder / "checkpoints",
        settings=Settings(epochs, 8, learning_rate, **settings),
        log=log,
    )
    return history, lines


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """Five epochs without interruption."""
    folder = tmp_path_factory.mktemp("straight")
    history, _ = _train(folder, 5)
    return SimpleNamespace(folder=folder, history=history)


@pytest.fixture(scope="module")
def two_epochs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    _train(folder, 2)
    return folder


@pytest.fixture
def interrupted(tmp_path, two_epochs):
    """A training with two epochs done, to go on with."""
    shutil.copytree(two_epochs, tmp_path, dirs_exist_ok=True)
    return tmp_path


def _assert_same_end(folder, other):
    """Hold two trainings' newest checkpoints equal, bit for bit, but for the seconds."""
    found, expected = (checkpoints.newest(path / "checkpoints") for path in (folder, other))
    for group in checkpoints.GROUPS:
        pairs = zip(getattr(found, group), getattr(expected, group), strict=True)
        assert all(value.tobytes() == wanted.tobytes() for value, wanted in pairs)
    for row, wanted in zip(found.history, expected.history, strict=True):
        assert {**row, "seconds": 0} == {**wanted, "seconds": 0}


def _predictions(model) -> bytes:
    return keras.ops.convert_to_numpy(model(IMAGES)).tobytes()


def _exported(folder) -> bytes:
    model = keras.models.load_model(folder / "model/best_checkpoint.keras", safe_mode=True)
    return _predictions(model)


def test_a_resumed_training_equals_an_uninterrupted_one(interrupted, straight):
    _, lines = _train(interrupted, 5)
    assert lines[0] == "resuming after epoch 2"
    assert len(lines) == 4
    _assert_same_end(interrupted, straight.folder)
    assert _exported(interrupted) == _exported(straight.folder)


def test_a_resumed_training_goes_on_along_its_schedule(tmp_path):
    settings = {"learning_rate": 0.02, "schedule": ONE_CYCLE}
    _train(tmp_path / "straight", 4, **settings)
    with pytest.raises(KeyboardInterrupt):
        _train(tmp_path / "killed", 4, kill_at="epoch=2/", **settings)

    with pytest.raises(TrainingError, match="of another training: epochs is 4 in them and 5 here"):
        _train(tmp_path / "killed", 5, **settings)
    _train(tmp_path / "killed", 4, **settings)

    _assert_same_end(tmp_path / "killed", tmp_path / "straight")


def test_a_torn_checkpoint_costs_one_epoch_and_no_bit(interrupted, straight):
    (torn,) = (interrupted / "checkpoints").glob("epoch-0002-*")
    torn.write_bytes(torn.read_bytes()[:-1])
    _, lines = _train(interrupted, 5)
    assert lines[0].startswith(f"ignoring the checkpoint {torn.name}")
    assert lines[1] == "resuming after epoch 1"
    _assert_same_end(interrupted, straight.folder)


def test_a_finished_training_only_exports_again(interrupted):
    before = _exported(interrupted)
    history, lines = _train(interrupted, 2)
    assert lines == ["resuming after epoch 2"]
    assert len(history) == 2
    assert _exported(interrupted) == before


def test_the_exported_model_is_that_of_the_best_epoch(straight):
    end = checkpoints.newest(straight.folder / "checkpoints")
    last, best = _model(), _model()
    for model, values in ((last, end.model), (best, end.best)):
        for variable, value in zip(model.variables, values, strict=True):
            variable.assign(value)
    assert best_epoch(straight.history) < 5
    assert _exported(straight.folder) == _predictions(best) != _predictions(last)


@pytest.mark.parametrize(
    ("epochs", "settings", "message"),
    [
        (2, {"seed": 1}, "of another training: seed is 42 in them and 1 here"),
        (2, {"learning_rate": 0.5}, "another training: learning_rate is 0.1 in them and 0.5"),
        (1, {}, "go to epoch 2, but 1 epochs were asked for"),
    ],
)
def test_checkpoints_of_another_training_are_refused(interrupted, epochs, settings, message):
    with pytest.raises(TrainingError, match=f"the checkpoints .*{message}"):
        _train(interrupted, epochs, **settings)


def test_a_loss_that_is_not_finite_stops_the_training(tmp_path):
    with pytest.raises(TrainingError, match=r"loss is (nan|inf) in epoch \d, .* lower the"):
        _train(tmp_path, 5, learning_rate=1e30)
    assert not (tmp_path / "model").exists()
