"""A training may compute in bfloat16; what it leaves is a model in float32."""

import numpy as np
import pytest

import model as networks
import training
from data.arrays import load_split
from fitting import precision
from fitting.tensorflow_setup import keras, make_deterministic

SETTINGS = training.Settings(
    epochs=4, batch_size=32, learning_rate=0.005, schedule="one-cycle", seed=1
)


@pytest.mark.parametrize(
    ("flags", "expected"),
    [("fpu avx512f amx_bf16 amx_tile", "bfloat16"), ("fpu avx512f avx512_bf16", "float32")],
)
def test_auto_is_bfloat16_where_the_processor_has_matrices_of_it(tmp_path, flags, expected):
    cpu = tmp_path / "cpuinfo"
    cpu.write_text(f"processor\t: 0\nflags\t\t: {flags}\n")
    assert precision.resolved("auto", cpu) == expected
    assert precision.resolved("float32", cpu) == "float32"
    assert precision.resolved("bfloat16", cpu) == "bfloat16"


def test_auto_is_float32_where_nothing_tells(tmp_path):
    assert precision.resolved("auto", tmp_path / "none") == "float32"


@pytest.fixture
def trained(preprocessed, tmp_path):
    """The network that computed in bfloat16, and the folder of the one that was saved."""
    make_deterministic(SETTINGS.seed)
    with precision.computing_in("bfloat16"):
        computing = networks.normalized((8, 8, 1), 10)
    splits = [
        load_split(preprocessed / "processing" / name, name) for name in ("train", "validation")
    ]
    training.train_model(
        computing,
        *splits[0],
        *splits[1],
        tmp_path / "model",
        checkpoint_dir=tmp_path / "checkpoints",
        settings=SETTINGS,
        saved=networks.normalized((8, 8, 1), 10),
        log=lambda _: None,
    )
    return computing, tmp_path / "model/best_checkpoint.keras"


def test_the_saved_model_is_of_float32_and_as_good(trained, preprocessed):
    computing, path = trained
    saved = keras.models.load_model(path, safe_mode=True)
    assert keras.config.dtype_policy().name == "float32"
    assert computing.layers[-3].compute_dtype == "bfloat16"
    assert {layer.compute_dtype for layer in saved.layers} == {"float32"}
    images, labels = load_split(preprocessed / "processing/test", "test")
    right = [
        np.mean(np.argmax(network.predict(np.array(images), verbose=0), axis=1) == labels)
        for network in (computing, saved)
    ]
    assert min(right) > 0.85
    assert abs(right[0] - right[1]) < 0.02
