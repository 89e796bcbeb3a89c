"""Whoever judges a folder judges it by one rule: each case gets the same answer of all of them."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from console.starting.data_sets import offers
from lambdas.data_sets.data_sets import DataSets
from operations.data_sets.upload import complete_folder, upload
from operations.doctor.data import in_folder
from operations.doctor.findings import Level
from operations.errors import InputError
from operations.stage import Stage, stage_of
from state_machine.config import load
from tests.fakes.s3 import FakeS3
from tests.fakes.terminal import RecordingReport
from tests.support.data_set_cases import CASES, REQUIRED, Case
from tests.support.paths import ML_SCRIPTS, PROJECT

if str(ML_SCRIPTS) not in sys.path:  # the scripts import each other by plain name
    sys.path.insert(0, str(ML_SCRIPTS))
# isort: split
from data import manifest as in_job
from job.errors import DataError

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)


@pytest.fixture
def folder(case: Case, tmp_path: Path) -> Path:
    for name, content in case.files.items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.fixture
def in_bucket(case: Case) -> DataSets:
    s3: Any = FakeS3("bucket")
    for name, content in case.files.items():
        s3.upload("bucket", f"raw_data/mine/{name}", content)
    return DataSets(s3, "bucket", "raw_data/", REQUIRED)


@pytest.fixture
def stage() -> Iterator[Stage]:
    settings = load(PROJECT / "pipeline.toml")
    data = settings.data.model_copy(update={"required_files": list(REQUIRED)})
    with mock_aws():
        session = boto3.Session(region_name="us-east-1")
        stage = stage_of(settings.model_copy(update={"data": data}), "dev", session, PROJECT)
        stage.client("s3").create_bucket(Bucket=stage.names.bucket)
        yield stage


def assert_as_told(case: Case, found: str) -> None:
    assert case.wrong in found
    assert bool(found) == bool(case.wrong), found


@each_case
def test_the_lambdas_and_the_console(case: Case, in_bucket: DataSets) -> None:
    (offer,) = offers(in_bucket)
    found = in_bucket.find("mine").incomplete
    assert offer.incomplete == found
    if not case.in_content:
        assert_as_told(case, found)


@each_case
def test_the_doctor(case: Case, folder: Path) -> None:
    findings = in_folder(folder, REQUIRED)
    assert_as_told(case, "\n".join(f.found for f in findings if f.level is not Level.OK))


@each_case
def test_the_upload(case: Case, folder: Path, stage: Stage, report: RecordingReport) -> None:
    try:
        found = upload(stage, folder, "mine", report).incomplete
    except InputError as error:
        found = str(error)
    assert_as_told(case, found)


@each_case
def test_the_demo(case: Case, folder: Path) -> None:
    try:
        complete_folder(folder, REQUIRED)
    except InputError as error:
        assert_as_told(case, str(error))
    else:
        assert_as_told(case, "")


# Without a manifest it is dataset.py, whichever that is, that says what is missing.
@pytest.mark.parametrize(
    "case", [case for case in CASES if case.has_manifest], ids=lambda case: case.what
)
def test_the_job(case: Case, folder: Path) -> None:
    try:
        in_job.verify(folder)
    except DataError as error:
        assert_as_told(case, str(error))
    else:
        assert_as_told(case, "")
