"""The Train step as a job: real digits, a real kill, and a SavedModel that serves raw pixels."""

import re

import numpy as np
import pytest

import main
from data.arrays import load_split
from fitting import checkpoints, history
from fitting.tensorflow_setup import keras, tf
from job.errors import UsageError

LINE = re.compile(
    r"epoch=\d/4; loss=\d+\.\d{6}; accuracy=\d\.\d{6}; "
    r"val_loss=\d+\.\d{6}; val_accuracy=\d\.\d{6}; seconds=\d+\.\d;"
)


def _test_images(preprocessed):
    return np.array(load_split(preprocessed / "processing/test", "test")[0])


def test_the_log_holds_one_line_per_epoch_and_nothing_else(trained):
    lines = trained.output.splitlines()
    assert len(lines) == 4
    assert all(LINE.fullmatch(line) for line in lines)
    assert trained.errors == ""


def test_the_job_leaves_model_history_and_checkpoints(trained):
    model = trained.base / "model"
    assert {path.name for path in model.iterdir()} == {"1", "best_checkpoint.keras", "history.csv"}
    assert [row["epoch"] for row in history.read(model)] == [1, 2, 3, 4]
    assert history.read(trained.base / "output/data") == history.read(model)
    names = sorted(path.name[:10] for path in (trained.base / "checkpoints").iterdir())
    assert names == ["epoch-0002", "epoch-0003", "epoch-0004"]


def test_it_learns(trained):
    rows = history.read(trained.base / "model")
    assert rows[-1]["val_accuracy"] > 0.85
    assert rows[-1]["loss"] < rows[0]["loss"]


def test_a_killed_training_ends_with_the_same_bits(trained, killed_and_resumed):
    assert killed_and_resumed.output.startswith("resuming after epoch ")
    ends = [checkpoints.newest(run.base / "checkpoints") for run in (trained, killed_and_resumed)]
    for group in checkpoints.GROUPS:
        pairs = zip(*(getattr(end, group) for end in ends), strict=True)
        assert all(one.tobytes() == other.tobytes() for one, other in pairs)
    columns = history.FIELDS[:-1]
    one, other = ([[row[name] for name in columns] for row in end.history] for end in ends)
    assert one == other


def test_a_killed_training_exports_the_same_model(trained, killed_and_resumed, preprocessed):
    images = _test_images(preprocessed)
    one, other = (
        keras.models.load_model(run.base / "model/best_checkpoint.keras", safe_mode=True)(images)
        for run in (trained, killed_and_resumed)
    )
    one, other = (keras.ops.convert_to_numpy(output) for output in (one, other))
    assert one.tobytes() == other.tobytes()


def test_the_saved_model_serves_the_same_probabilities(trained, preprocessed):
    images = _test_images(preprocessed)
    served = tf.saved_model.load(str(trained.base / "model/1"))
    signature = served.signatures["serving_default"]
    ((name, spec),) = signature.structured_input_signature[1].items()
    assert (spec.dtype, spec.shape.as_list()) == (tf.uint8, [None, 8, 8, 1])
    (probabilities,) = signature(**{name: tf.constant(images)}).values()
    model = keras.models.load_model(trained.base / "model/best_checkpoint.keras", safe_mode=True)
    np.testing.assert_allclose(probabilities, model(images), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(np.sum(probabilities, axis=1), 1, rtol=1e-5)


def test_folders_and_hosts_come_from_the_containers_environment(monkeypatch):
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", "/base")
    environment = {"SM_MODEL_DIR": "/m", "SM_HOSTS": '["algo-1", "algo-2"]'}
    arguments = main.parse_arguments([], environment)
    assert str(arguments.model_dir) == "/m"
    assert str(arguments.train) == "/base/input/data/train"
    assert str(arguments.checkpoint_dir) == "/base/checkpoints"
    assert arguments.hosts == ["algo-1", "algo-2"]
    assert (arguments.epochs, arguments.batch_size, arguments.learning_rate) == (10, 64, 0.001)


@pytest.mark.parametrize(
    "argument",
    [
        "--epochs=0",
        "--batch-size=2.5",
        "--schedule=linear",
        "--learning-rate=nan",
        "--seed=-1",
        "--momentum=0.9",
    ],
)
def test_hyperparameters_out_of_range_are_refused(argument):
    with pytest.raises(UsageError, match=argument.partition("=")[0]):
        main.parse_arguments([argument], {})


def test_an_unknown_network_is_refused():
    with pytest.raises(UsageError, match="found 'resnet', expected one of workshop, normalized"):
        main._network("resnet")


def test_a_failure_reaches_the_jobs_failure_file(tmp_path, run_script):
    result = run_script(tmp_path, "main.py", "--epochs", "1")
    failure = (tmp_path / "output/failure").read_text()
    assert result.returncode == 1
    assert failure.endswith("found no such file, expected an array written by preprocessing")
    assert result.stderr == f"error: {failure}\n"
