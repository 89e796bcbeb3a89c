import json
import math

import jsonschema
import pytest

from lambdas.errors import InvalidInputError
from lambdas.runs.input import LONGEST_VALUE, parse, schema

DEFAULTS = {"epochs": 10, "batch-size": 64, "learning-rate": 0.001, "seed": 42}
MIXED = DEFAULTS | {"augment": False, "optimizer": "adam"}


def test_everything_is_optional():
    found = parse({}, DEFAULTS)
    assert (found.dataset, found.fingerprint, found.requested_by, found.reason) == (None,) * 4
    assert found.hyperparameters == {}
    assert (found.trigger, found.force, found.again, found.instance_types) == (
        None,
        False,
        False,
        {},
    )


def test_all_fields():
    given = {
        "dataset": "数字 + more",
        "fingerprint": "a1" * 32,
        "hyperparameters": {"epochs": 3, "learning-rate": 1},
        "requested_by": "grace@example.com",
        "reason": "new labels",
        "trigger": "schedule",
        "force": True,
        "instance_types": {"training": "ml.g5.xlarge"},
    }
    found = parse(given, DEFAULTS)
    assert found.instance_types == {"training": "ml.g5.xlarge"}
    assert found.dataset == "数字 + more"
    assert (found.trigger, found.force) == ("schedule", True)
    assert found.hyperparameters == {"epochs": 3, "learning-rate": 1.0}
    assert isinstance(found.hyperparameters["learning-rate"], float)


BOUNDS = {
    "epochs": {"type": "integer", "minimum": 1, "maximum": 10_000},
    "learning-rate": {"type": "number", "exclusiveMinimum": 0},
    "seed": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
    "optimizer": {"type": "string", "enum": ["adam", "sgd"]},
}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("epochs", 0, "integer (a whole number, at least 1, at most 10000)"),
        ("epochs", -1, "integer (a whole number, at least 1, at most 10000)"),
        ("epochs", 1e15, "integer (a whole number, at least 1, at most 10000)"),
        ("learning-rate", 0, "number (a number, above 0)"),
        ("learning-rate", -1, "number (a number, above 0)"),
        ("seed", -1, "integer (a whole number, at least 0, at most 4294967295)"),
        ("seed", 2**32, "integer (a whole number, at least 0, at most 4294967295)"),
        ("optimizer", "", "string (one of adam, sgd)"),
        ("optimizer", "deep", "string (one of adam, sgd)"),
    ],
)
def test_a_value_that_the_training_would_refuse_is_refused(name, value, expected):
    with pytest.raises(InvalidInputError) as raised:
        parse({"hyperparameters": {name: value}}, MIXED, BOUNDS)
    found = json.dumps(value)
    assert str(raised.value) == f"hyperparameters.{name}: found {found}, expected {expected}"


def test_a_number_may_be_given_where_the_default_is_a_whole_one():
    defaults = {"learning-rate": 1}
    found = parse({"hyperparameters": {"learning-rate": 0.5}}, defaults, BOUNDS)
    assert found.hyperparameters == {"learning-rate": 0.5}


def test_a_whole_number_written_with_a_point_stays_whole():
    # "10.0" would not parse as an int in the training script.
    epochs = parse({"hyperparameters": {"epochs": 10.0}}, DEFAULTS).hyperparameters["epochs"]
    assert isinstance(epochs, int)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([], "input: found [], expected object (every field is optional)"),
        (None, "input: found null, expected object"),
        ({"data_set": "x"}, "input: unknown field 'data_set' (did you mean 'dataset'?); allowed: "),
        ({"dataset": 7}, "dataset: found 7, expected string (the folder's name below raw_data/)"),
        ({"dataset": "a/b"}, 'dataset: found "a/b", expected string'),
        ({"dataset": ".."}, 'dataset: found "..", expected string'),
        ({"dataset": ""}, 'dataset: found "", expected string'),
        ({"dataset": "line\nend"}, 'dataset: found "line\\nend", expected string'),
        ({"dataset": "\ud800"}, 'dataset: found "\\ud800", expected string'),
        ({"fingerprint": "abc"}, 'fingerprint: found "abc", expected string (64 hex digits'),
        ({"hyperparameters": []}, "hyperparameters: found [], expected object (values by name"),
        (
            {"hyperparameters": {"epoch": 3}},
            "hyperparameters: unknown field 'epoch' (did you mean 'epochs'?); "
            "allowed: batch-size, epochs, learning-rate, seed",
        ),
        (
            {"hyperparameters": {"epochs": "ten"}},
            'hyperparameters.epochs: found "ten", expected integer (a whole number)',
        ),
        ({"hyperparameters": {"epochs": 1.5}}, "hyperparameters.epochs: found 1.5, expected"),
        ({"hyperparameters": {"epochs": True}}, "hyperparameters.epochs: found true, expected"),
        ({"hyperparameters": {"learning-rate": math.nan}}, "learning-rate: found NaN, expected"),
        ({"hyperparameters": {"learning-rate": math.inf}}, "found Infinity, expected number"),
        ({"hyperparameters": {"epochs": 10**400}}, "hyperparameters.epochs: found 1000"),
        ({"reason": "x" * 1025}, "reason: found"),
        ({"requested_by": "line\nend"}, "requested_by: found"),
        ({"trigger": "cron"}, 'trigger: found "cron", expected string (one of upload, start_'),
        (
            {"instance_types": {"training": "c5.xlarge"}},
            'instance_types.training: found "c5.xlarge", expected string (a type of SageMaker',
        ),
        (
            {"instance_types": {"train": "ml.c5.xlarge"}},
            "instance_types: unknown field 'train' (did you mean 'training'?); "
            "allowed: evaluation, preprocessing, training",
        ),
        (
            {"instance_types": {"training": "ml.c7g.xlarge"}},
            "instance_types.training: ml.c7g.xlarge is ARM, on which SageMaker runs no training",
        ),
        (
            {"instance_types": {"training": "ml.trn1.2xlarge"}},
            "instance_types.training: ml.trn1.2xlarge is an accelerator that AWS's TensorFlow",
        ),
        (
            {"instance_types": {"training": "ml.m5.3xlarge"}},
            "instance_types.training: SageMaker knows no ml.m5.3xlarge for training jobs: expected",
        ),
        (
            {"instance_types": {"evaluation": "ml.p4de.24xlarge"}},
            "instance_types.evaluation: SageMaker knows no ml.p4de.24xlarge for processing jobs",
        ),
        ({"force": 1}, "force: found 1, expected boolean (true or false"),
    ],
)
def test_the_error_names_field_and_finding_and_what_is_allowed(given, message):
    with pytest.raises(InvalidInputError) as caught:
        parse(given, DEFAULTS)
    assert message in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_switches_and_words_keep_the_type_of_their_defaults():
    given = {"augment": True, "optimizer": "sgd"}
    assert parse({"hyperparameters": given}, MIXED).hyperparameters == given
    with pytest.raises(InvalidInputError, match=r"augment: found 1, expected boolean"):
        parse({"hyperparameters": {"augment": 1}}, MIXED)
    with pytest.raises(InvalidInputError, match=r"optimizer: found 1, expected string"):
        parse({"hyperparameters": {"optimizer": 1}}, MIXED)


@pytest.mark.parametrize("defaults", [DEFAULTS, MIXED, {}])
def test_the_schema_is_plain_json_schema_that_a_form_can_use(defaults):
    found = json.loads(json.dumps(schema(defaults)))
    jsonschema.Draft7Validator.check_schema(found)
    assert all(
        {"title", "description", "type"} <= property_.keys()
        for property_ in found["properties"].values()
    )


def test_the_schema_holds_the_defaults():
    epochs = schema(DEFAULTS)["properties"]["hyperparameters"]["properties"]["epochs"]
    assert (epochs["type"], epochs["default"], epochs["title"]) == ("integer", 10, "epochs")


def test_a_reproduction_names_its_run():
    found = parse({"reproduce": "digits-0123456789ab", "reason": "an audit"}, DEFAULTS)
    assert (found.reproduce, found.reason) == ("digits-0123456789ab", "an audit")
    assert parse({}, DEFAULTS).reproduce is None


@pytest.mark.parametrize("run", ["", "a/b", "..", "-a", "a" * 41, "a\n"])
def test_a_run_that_cannot_be_one_is_refused(run):
    with pytest.raises(InvalidInputError, match=r"reproduce: found .*the id of a run"):
        parse({"reproduce": run}, DEFAULTS)


@pytest.mark.parametrize(
    "other",
    [
        {"dataset": "digits"},
        {"fingerprint": "a1" * 32},
        {"hyperparameters": {}},
        {"hyperparameters": {"epochs": 3}, "force": True},
        {"instance_types": {}, "again": True},
    ],
)
def test_a_reproduction_takes_everything_from_its_original(other):
    names = ", ".join(other)
    with pytest.raises(InvalidInputError, match=f"reproduce: found together with {names}, expect"):
        parse({"reproduce": "digits-0123456789ab", **other}, DEFAULTS)


@pytest.mark.parametrize("name", ["cafe\u200dteam", "soft\u00adhyphen", "private\ue000"])
def test_a_data_set_that_could_not_be_registered_is_refused(name):
    with pytest.raises(InvalidInputError, match=r"dataset: found .*, expected printable"):
        parse({"dataset": name}, {})


def test_a_hyperparameter_that_no_training_job_takes_is_refused():
    with pytest.raises(InvalidInputError, match="hyperparameters"):
        parse({"hyperparameters": {"network": "x" * 2501}}, {"network": "normalized"})


def test_a_text_is_as_long_as_it_is_sent():
    longest = "x" * LONGEST_VALUE
    assert parse({"hyperparameters": {"tag": longest}}, {"tag": ""})
    digits = "1" * LONGEST_VALUE
    with pytest.raises(InvalidInputError, match=r"^hyperparameters.tag: found 2502 characters"):
        parse({"hyperparameters": {"tag": digits}}, {"tag": ""})
