"""The form that starts an execution, without a browser."""

import pytest

from console.starting.deployed import Defaults
from console.starting.form import Field, execution_input, groups, problem_of, problems
from lambdas.runs import input as run_input

DEFAULTS = Defaults(
    hyperparameters={"epochs": 3, "learning-rate": 0.005, "network": "normalized", "augment": True},
    instance_types={
        "preprocessing": "ml.m5.xlarge",
        "training": "ml.m5.2xlarge",
        "evaluation": "ml.m5.large",
    },
    required_files=("images.gz",),
    model_package_group="digits",
)
FIELDS = [field for group in groups(DEFAULTS) for field in group.fields]


def field(*path: str) -> Field:
    return next(field for field in FIELDS if field.path == path)


def asked(dataset: str = "", **typed: str | bool) -> dict:
    """The input where these were typed, by the last part of their path, and nothing else."""
    values = {f.path: typed.get(f.path[-1].replace("-", "_"), f.text) for f in FIELDS}
    values |= {f.path: typed.get(f.path[-1], f.default) for f in FIELDS if f.kind == "boolean"}
    return execution_input(FIELDS, values, dataset)


def test_every_field_of_the_schema_is_there_or_filled_in_by_the_console() -> None:
    schema = run_input.schema(DEFAULTS.hyperparameters)["properties"]
    known = {field.path[0] for field in FIELDS}
    filled_in = {"dataset", "fingerprint", "requested_by", "trigger", "reproduce"}
    assert known | filled_in == set(schema)
    assert not known & filled_in


def test_defaults_are_those_that_are_deployed() -> None:
    assert field("hyperparameters", "epochs").text == "3"
    assert field("hyperparameters", "learning-rate").text == "0.005"
    assert field("hyperparameters", "augment").default is True
    assert field("instance_types", "training").text == "ml.m5.2xlarge"


def test_what_is_as_deployed_is_not_asked_for() -> None:
    assert asked() == {}
    assert asked(dataset="digits") == {"dataset": "digits"}


def test_what_was_changed_is_asked_for_in_its_own_type() -> None:
    found = asked(
        epochs="5", learning_rate="1e-3", training="ml.g5.xlarge", force=True, reason="why"
    )
    assert found == {
        "hyperparameters": {"epochs": 5, "learning-rate": 0.001},
        "instance_types": {"training": "ml.g5.xlarge"},
        "force": True,
        "reason": "why",
    }
    assert run_input.parse(found, DEFAULTS.hyperparameters).hyperparameters["epochs"] == 5


@pytest.mark.parametrize(
    ("path", "typed", "said"),
    [
        (("hyperparameters", "epochs"), "many", 'found "many", expected integer (a whole number)'),
        (("hyperparameters", "epochs"), "2.5", 'found "2.5", expected integer (a whole number)'),
        (("hyperparameters", "epochs"), "", 'found "", expected integer (a whole number)'),
        (("hyperparameters", "epochs"), "9" * 5000, "expected integer (a whole number)"),
        (("hyperparameters", "learning-rate"), "nan", "found NaN, expected a number"),
        (("hyperparameters", "learning-rate"), "inf", "expected number (a number)"),
        (("hyperparameters", "network"), "a\nb", "expected string (one line of at most 2500"),
        (("instance_types", "training"), "m5.large", "expected string (a type of SageMaker"),
        (("instance_types", "training"), "ml.m7g.large", "ml.m7g.large is ARM"),
        (("reason",), "a\x00b", "expected string (one line of at most 1024 characters)"),
        (("reason",), "a" * 1025, "expected string (one line of at most 1024 characters)"),
    ],
)
def test_what_the_lambda_would_refuse_is_told_beside_its_field(
    path: tuple[str, ...], typed: str, said: str
) -> None:
    problem = problem_of(field(*path), DEFAULTS, typed)
    assert problem
    assert said in problem
    assert not problem.startswith(".".join(path))


def test_all_problems_are_told_at_once() -> None:
    found = problems(asked(dataset="a/b", epochs="many", training="x"), FIELDS, DEFAULTS)
    assert set(found) == {
        ("dataset",),
        ("hyperparameters", "epochs"),
        ("instance_types", "training"),
    }


def test_a_good_input_has_none() -> None:
    assert problems(asked(dataset="digits", epochs="1"), FIELDS, DEFAULTS) == {}
