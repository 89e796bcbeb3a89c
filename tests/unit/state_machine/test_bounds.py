"""What the scripts declare of their hyperparameters, and what becomes of a wrong declaration."""

import argparse
import importlib.util
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambdas.errors import InvalidInputError
from lambdas.runs import input as run_input
from lambdas.runs.input import LARGEST_NUMBER
from state_machine.artifacts import bundle
from state_machine.bounds import declared, problem
from tests.support.paths import ML_SCRIPTS

DECLARED = declared(bundle.sources([ML_SCRIPTS]))
DEFAULTS: dict[str, Any] = {
    "batch-size": 64,
    "epochs": 10,
    "learning-rate": 0.001,
    "network": "workshop",
    "precision": "auto",
    "schedule": "constant",
    "seed": 42,
}
numbers = st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False)
edges = st.sampled_from([0, 1, -1, 1e15, 10_000, 10_001, 2**32 - 1, 2**32, 0.0, 5e-324, 100.0, 3.0])
texts = st.sampled_from(["", "constant", "one-cycle", "auto", "workshop", "deep", "float32"])


def job_reader(name: str) -> Any:
    """What the training reads the hyperparameter with."""
    spec = importlib.util.spec_from_file_location("job_bounds", ML_SCRIPTS / "job/bounds.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.reader(name, type(DEFAULTS[name]))


READERS = {name: job_reader(name) for name in DEFAULTS}
MODEL = "NETWORKS: dict = {'deep': deep, 'wide': wide}\n"


def sources(folder: Path, **files: str) -> dict[str, Path]:
    """Write the files and return them as a bundle's."""
    found = {}
    for name, content in files.items():
        path = folder / name.replace("_", ".")
        path.write_text(content)
        found[path.name] = path
    return found


@given(name=st.sampled_from(sorted(DEFAULTS)), value=numbers | edges | texts)
@settings(deadline=None)
def test_an_input_may_say_what_the_training_takes_and_nothing_else(name: str, value: Any) -> None:
    try:
        asked = run_input.parse({"hyperparameters": {name: value}}, DEFAULTS, DECLARED)
    except InvalidInputError as error:
        assert str(error).startswith(f"hyperparameters.{name}: found ")
        # Of the networks the script knows when TensorFlow is there, and an input has no number
        # that is larger, whatever the training takes.
        too_large = isinstance(value, int | float) and abs(value) > LARGEST_NUMBER
        alike = isinstance(value, str) == isinstance(DEFAULTS[name], str)
        if name != "network" and alike and not too_large:
            with pytest.raises((argparse.ArgumentTypeError, ValueError)):
                READERS[name](str(value))
    else:
        given_value = asked.hyperparameters[name]
        assert READERS[name](str(given_value)) == given_value


@pytest.mark.parametrize("text", ["nan", "inf", "1e999", "-0.001", "0", "fast"])
def test_the_training_takes_finite_learning_rates_above_0(text: str) -> None:
    with pytest.raises((argparse.ArgumentTypeError, ValueError)):
        READERS["learning-rate"](text)


def test_every_hyperparameter_of_the_training_is_declared() -> None:
    assert DECLARED.keys() == DEFAULTS.keys()
    assert DECLARED["network"]["enum"] == ["workshop", "normalized"]


def test_scripts_that_declare_nothing_have_no_bounds(tmp_path: Path) -> None:
    assert declared(sources(tmp_path, model_py=MODEL)) == {}
    assert problem({"epochs": -1}, {}) == ""


def test_the_keys_of_a_dict_in_a_script_are_what_is_allowed(tmp_path: Path) -> None:
    content = '{"network": {"type": "string", "key_of": "model.py:NETWORKS"}}'
    found = declared(sources(tmp_path, model_py=MODEL, hyperparameters_json=content))
    assert found == {"network": {"type": "string", "enum": ["deep", "wide"]}}


@pytest.mark.parametrize("script", ["NETWORKS = make()", "NETWORKS = {**OTHERS}", "x = 1", "def ("])
def test_keys_that_only_python_knows_are_left_to_the_training(tmp_path: Path, script: str) -> None:
    content = '{"network": {"type": "string", "key_of": "model.py:NETWORKS"}}'
    found = declared(sources(tmp_path, model_py=script, hyperparameters_json=content))
    assert found == {"network": {"type": "string"}}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "malformed"),
        ("[]", "should be an object"),
        ('{"epochs": {"minimum": 1}}', "epochs.type: Field required"),
        ('{"epochs": {"type": "integer", "least": 1}}', "epochs.least: Extra inputs"),
        ('{"epochs": {"type": "integer", "minimum": NaN}}', "NaN is not JSON"),
        ('{"network": {"type": "string", "key_of": "model"}}', "network.key_of: String should"),
    ],
)
def test_a_wrong_declaration_is_named_with_its_file(
    tmp_path: Path, content: str, said: str
) -> None:
    with pytest.raises(ValueError, match=r"hyperparameters\.json: ") as raised:
        declared(sources(tmp_path, hyperparameters_json=content))
    assert said in str(raised.value)
