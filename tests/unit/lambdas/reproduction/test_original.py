"""A run's inputs, wanted again: all there and unchanged, or one clear line."""

import json

import pytest
from botocore.exceptions import ClientError

from lambdas.errors import ReproductionError
from lambdas.reproduction.original import INPUTS, check_sharding, inputs_of
from lambdas.runs.code import CODE_FILES
from state_machine.artifacts import bundle
from tests.support.code import CODE_SHA256
from tests.unit.lambdas.conftest import BUCKET, FILES
from tests.unit.lambdas.originals import ORIGINAL, RUN, write_original

NAMES = ("epochs", "batch-size", "learning-rate", "seed")


@pytest.fixture
def inputs(s3):
    """Return a function that takes the inputs of the run ``ORIGINAL``."""
    return lambda names=NAMES: inputs_of(s3, BUCKET, ORIGINAL, names)


def copy_of(plan, file=FILES[0]):
    return plan["dataset"]["s3_uri"].removeprefix(f"s3://{BUCKET}/") + file


def test_they_are_those_of_its_plan(inputs, s3):
    plan = write_original(s3)
    assert inputs() == {name: plan[name] for name in INPUTS}


@pytest.fixture
def laid_out_for(s3):
    """Return a function that writes the run with its data laid out for several instances."""

    def write(count):
        plan = write_original(s3)
        folder = plan["dataset"]["s3_uri"]
        plan["dataset"]["sharding"] = {"instance_count": count, "replicated_files": ["*labels*"]}
        s3.upload(BUCKET, f"{RUN}/run.json", json.dumps(plan).encode())
        for file in FILES:
            key = folder.removeprefix(f"s3://{BUCKET}/")
            place = "replicated" if "labels" in file else "sharded"
            s3.upload(BUCKET, f"{key}{place}/{file}", file.encode())
            s3.purge(BUCKET, f"{key}{file}")
        return plan

    return write


@pytest.mark.parametrize("instances", [1, 2])
def test_a_copy_laid_out_for_several_instances_is_read_by_one_too(inputs, laid_out_for, instances):
    plan = laid_out_for(2)
    assert inputs()["dataset"] == plan["dataset"]
    check_sharding(ORIGINAL, inputs()["dataset"], instances)


def test_a_copy_laid_out_for_one_instance_is_not_read_by_several(inputs, s3):
    write_original(s3)
    check_sharding(ORIGINAL, inputs()["dataset"], 1)
    with pytest.raises(
        ReproductionError, match=r"laid out for one .* pipeline has 2; deploy \[pre"
    ):
        check_sharding(ORIGINAL, inputs()["dataset"], 2)


def test_a_copy_with_fewer_files_than_instances(inputs, laid_out_for):
    laid_out_for(2)
    with pytest.raises(ReproductionError, match=r"instance_count = 3 needs 3 files or more"):
        check_sharding(ORIGINAL, inputs()["dataset"], 3)


def test_newer_uploads_are_of_no_interest(inputs, s3):
    plan = write_original(s3)
    for file in FILES:
        s3.purge(BUCKET, f"raw_data/digits/{file}")
    assert inputs()["dataset"] == plan["dataset"]


def test_a_run_that_never_was(inputs):
    with pytest.raises(ReproductionError, match=rf"run {ORIGINAL} cannot .*run\.json is missing"):
        inputs()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"\xff", "run.json is malformed"),
        (b"[]", "holds no JSON object"),
        (b"{}", "run.json: found {}, expected object"),
        (b'{"dataset": {"name": 3}}', "found"),
    ],
)
def test_a_plan_that_is_none(inputs, s3, content, problem):
    s3.upload(BUCKET, f"{RUN}/run.json", content)
    with pytest.raises(ReproductionError, match=problem):
        inputs()


@pytest.mark.parametrize(
    ("part", "value", "problem"),
    [
        ("hyperparameters", {"epochs": 3}, "hyperparameters.epochs: found 3, expected string"),
        ("code", {"s3_uri": "code/", "sha256": "a"}, r"code\.s3_uri: found \"code/\""),
        ("preprocessing", {"seed": "7"}, "preprocessing: found"),
    ],
)
def test_a_part_of_another_kind_is_named(inputs, s3, part, value, problem):
    write_original(s3, **{part: value})
    with pytest.raises(ReproductionError, match=problem):
        inputs()


def test_objects_that_are_not_those_of_the_fingerprint(inputs, s3):
    plan = write_original(s3)
    plan["dataset"]["objects"][0]["etag"] = "0" * 32
    s3.upload(BUCKET, f"{RUN}/run.json", json.dumps(plan).encode())
    with pytest.raises(ReproductionError, match=r"with fingerprint .*: it was changed"):
        inputs()


def test_a_copy_that_is_gone(inputs, s3):
    s3.delete(BUCKET, copy_of(write_original(s3)))
    with pytest.raises(ReproductionError, match=rf"{FILES[0]}, its copy of the data, is gone"):
        inputs()


@pytest.mark.parametrize(
    ("content", "found"),
    [(b"longer than it was by far, by far", "bytes"), (FILES[0][::-1].encode(), "ETag")],
)
def test_a_copy_that_was_overwritten(inputs, s3, content, found):
    s3.upload(BUCKET, copy_of(write_original(s3)), content)
    with pytest.raises(ReproductionError, match=rf"has .*{found}.*: it was overwritten"):
        inputs()


def test_the_etag_of_an_upload_in_parts_is_no_digest(inputs, s3):
    s3.upload_in_parts(BUCKET, copy_of(write_original(s3)), FILES[0].encode())
    assert inputs()


@pytest.mark.parametrize("file", CODE_FILES)
def test_code_that_is_gone_or_was_overwritten(inputs, s3, file):
    write_original(s3)
    s3.upload(BUCKET, f"code/{CODE_SHA256}/{file}", b"other code")
    with pytest.raises(ReproductionError, match=f"expected {CODE_SHA256}: it was overwritten"):
        inputs()
    s3.delete(BUCKET, f"code/{CODE_SHA256}/{file}")
    with pytest.raises(ReproductionError, match=rf"{file}, its code, is gone"):
        inputs()


def test_hyperparameters_that_the_deployed_pipeline_does_not_hand_on(inputs, s3):
    write_original(s3)
    with pytest.raises(ReproductionError, match=r"has epochs, momentum; deploy a pipeline\.toml"):
        inputs(["epochs", "momentum"])


def test_other_errors_of_s3_are_raised(inputs, s3):
    write_original(s3)
    s3.refuse("HeadObject", "AccessDenied", 403)
    with pytest.raises(ClientError, match="AccessDenied"):
        inputs()


def test_the_digest_is_that_of_a_packed_bundle(inputs, s3, tmp_path):
    (tmp_path / "process.sh").write_text("echo")
    packed = bundle.pack([tmp_path], BUCKET)
    assert tuple(packed.files) == CODE_FILES
    for file, content in packed.files.items():
        s3.upload(BUCKET, f"{packed.prefix}{file}", content)
    write_original(s3, code={"s3_uri": packed.s3_uri, "sha256": packed.sha256})
    assert inputs()["code"]["sha256"] == packed.sha256
