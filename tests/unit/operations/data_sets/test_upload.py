"""Uploading data sets, to moto's S3."""

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from operations.data_sets.upload import complete_folder, files_of, upload
from operations.errors import InputError
from operations.stage import Stage, stage_of
from state_machine import config
from tests.fakes.terminal import RecordingReport
from tests.support.paths import PROJECT

REQUIRED = ["a.gz", "b.gz"]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with mock_aws():
        settings = config.load(PROJECT / "pipeline.toml")
        settings = settings.model_copy(
            update={"data": settings.data.model_copy(update={"required_files": REQUIRED})}
        )
        stage = stage_of(settings, "dev", boto3.Session(region_name="us-east-1"), PROJECT)
        stage.client("s3").create_bucket(Bucket=stage.names.bucket)
        yield stage


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (*REQUIRED, "notes.txt"):
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def keys(stage: Stage) -> list[str]:
    listed = stage.client("s3").list_objects_v2(Bucket=stage.names.bucket)
    return [item["Key"] for item in listed.get("Contents", [])]


def test_a_folders_required_files_are_uploaded_and_nothing_else(
    stage: Stage, folder: Path, report: RecordingReport
) -> None:
    done = upload(stage, folder, "mine", report)
    assert keys(stage) == ["raw_data/mine/a.gz", "raw_data/mine/b.gz"]
    assert done.uri == f"s3://{stage.names.bucket}/raw_data/mine/"
    assert (done.names, done.size, done.missing) == (REQUIRED, 8, [])
    assert report.moved == 8


def test_what_is_missing_is_what_the_bucket_still_lacks(
    stage: Stage, folder: Path, report: RecordingReport
) -> None:
    assert upload(stage, folder / "a.gz", "mine", report).missing == ["b.gz"]
    assert upload(stage, folder / "b.gz", "mine", report).missing == []


@pytest.mark.parametrize("dataset", ["", "a/b"])
def test_a_data_set_name_is_one_folder(
    stage: Stage, folder: Path, report: RecordingReport, dataset: str
) -> None:
    with pytest.raises(InputError, match="is no data set name"):
        upload(stage, folder, dataset, report)
    assert keys(stage) == []


@pytest.mark.parametrize("name", ["evil\x1b[2J.gz", "a\u200b.gz", "n" * 101, "a\u2028b.gz"])
def test_a_name_that_no_data_file_may_have_is_refused_before_anything_is_sent(
    stage: Stage, folder: Path, report: RecordingReport, name: str
) -> None:
    manifest = {"files": [{"name": name, "size": 1, "sha256": "0" * 64}]}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / name).write_bytes(b"x")
    for path in (folder, folder / name):
        with pytest.raises(InputError, match="is not a valid file name") as raised:
            upload(stage, path, "digits", report)
        assert str(raised.value).isprintable()
    assert keys(stage) == []


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere does not exist"):
        files_of(tmp_path / "nowhere", REQUIRED)


def test_a_folder_without_any_required_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none of the required files: a\.gz, b\.gz"):
        files_of(tmp_path, REQUIRED)


def test_a_complete_folder_is_taken_and_an_incomplete_one_names_what_it_lacks(
    folder: Path,
) -> None:
    assert complete_folder(folder, REQUIRED) == folder
    with pytest.raises(InputError, match=r"it lacks c\.gz"):
        complete_folder(folder, [*REQUIRED, "c.gz"])


def test_a_manifest_goes_first_and_brings_the_files_that_it_lists(folder: Path) -> None:
    manifest = {"files": [{"name": "extra.gz", "size": 1, "sha256": "0" * 64}]}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "extra.gz").write_bytes(b"x")
    required = list(REQUIRED)

    names = [file.name for file in files_of(folder, required)]

    assert names == ["manifest.json", "extra.gz", *required]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": 3}', '{"files": [{"name": "../x"}]}'])
def test_a_manifest_that_lists_nothing_usable_is_uploaded_all_the_same(
    folder: Path, text: str
) -> None:
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    required = list(REQUIRED)

    assert [file.name for file in files_of(folder, required)] == ["manifest.json", *required]
