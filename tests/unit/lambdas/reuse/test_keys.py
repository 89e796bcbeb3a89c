"""Keys of steps: what changes them, what does not, and that no two different inputs share one."""

import copy
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.reuse.keys import PREPROCESS, TRAIN, keys

RUN = {
    "run_id": "digits-1",
    "reproduces": None,
    "dataset": {
        "name": "digits",
        "fingerprint": "f" * 64,
        "objects": [
            {"key": f"raw_data/digits/{file}", "version_id": "v1", "etag": file, "size": 10}
            for file in ("images.gz", "labels.gz")
        ],
    },
    "preprocessing": {"validation_fraction": "0.2", "seed": "42"},
    "hyperparameters": {"epochs": "10", "seed": "42"},
    "instance_types": {"preprocessing": "ml.m5.xlarge", "training": "ml.m5.xlarge"},
    "images": {"preprocessing": "cpu", "training": "cpu"},
}
IDENTITIES = {PREPROCESS: "p", TRAIN: "t"}

words = st.text(max_size=4)
settings = st.dictionaries(words, words, max_size=3)
files = st.lists(
    st.tuples(st.text("ab/", min_size=1, max_size=3), words, st.integers(0, 3)),
    max_size=3,
    unique_by=lambda file: file[0],
)
inputs = st.tuples(files, settings, settings, words, words, words, words, words)


def planned(values):
    """A run and identities of these values, and what of them Preprocess and Train compute from."""
    objects, preprocessing, hyperparameters, image, other_image, instance_type, *identities = values
    run = copy.deepcopy(RUN) | {
        "dataset": {
            "objects": [
                {"key": f"raw_data/digits/{name}", "version_id": "v", "etag": etag, "size": size}
                for name, etag, size in objects
            ]
        },
        "preprocessing": preprocessing,
        "hyperparameters": hyperparameters,
        "images": {"preprocessing": image, "training": other_image},
        "instance_types": {"preprocessing": "any", "training": instance_type},
    }
    contents = sorted((name.rsplit("/", 1)[-1], etag, size) for name, etag, size in objects)
    to_preprocess = (contents, preprocessing, image, identities[0])
    to_train = (to_preprocess, hyperparameters, other_image, instance_type, identities[1])
    return keys(run, dict(zip(IDENTITIES, identities, strict=True))), to_preprocess, to_train


@given(inputs, inputs)
def test_runs_with_different_inputs_never_share_a_key(one, other):
    ours, preprocess, train = planned(one)
    theirs, their_preprocess, their_train = planned(other)
    assert (ours[PREPROCESS] == theirs[PREPROCESS]) == (preprocess == their_preprocess)
    assert (ours[TRAIN] == theirs[TRAIN]) == (train == their_train)
    assert not set(ours.values()) & {theirs[PREPROCESS]} or preprocess == their_preprocess
    assert ours[PREPROCESS] != theirs[TRAIN]


@given(inputs)
def test_the_order_of_files_and_settings_tells_nothing(values):
    objects, preprocessing, hyperparameters, *rest = values
    turned = (
        objects[::-1],
        dict(reversed(preprocessing.items())),
        dict(reversed(hyperparameters.items())),
        *rest,
    )
    assert planned(values)[0] == planned(turned)[0]


@pytest.mark.parametrize(
    "change",
    [
        {"run_id": "digits-2"},
        {"client_token": "another"},
        {"paths": {"run": "s3://bucket/runs/digits-2"}},
        {"champion": {"model_package_arn": "arn"}},
        {"dataset": RUN["dataset"] | {"name": "other", "fingerprint": "e" * 64}},
    ],
)
def test_what_a_run_is_called_tells_nothing(change):
    assert keys(RUN | change, IDENTITIES) == keys(RUN, IDENTITIES)


def test_a_reproduction_shares_its_keys_with_none():
    reproduction = RUN | {"reproduces": "digits-0"}
    ours, theirs = keys(reproduction, IDENTITIES), keys(RUN, IDENTITIES)
    another = keys(reproduction | {"run_id": "digits-2"}, IDENTITIES)
    assert len({*ours.values(), *theirs.values(), *another.values()}) == 6


def test_a_key_is_a_name_for_an_object_and_a_value_for_a_variable():
    for key in keys(RUN, IDENTITIES).values():
        assert re.fullmatch(r"[0-9a-f]{64}", key)
