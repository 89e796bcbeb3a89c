"""Uploading data sets, to moto's S3."""

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
from tests.support.data_set_cases import COMPOSED, DECOMPOSED, listed, manifest
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
    assert (done.names, done.size, done.incomplete) == (REQUIRED, 8, "")
    assert report.moved == 8


def test_what_is_missing_is_what_the_bucket_still_lacks(
    stage: Stage, folder: Path, report: RecordingReport
) -> None:
    assert upload(stage, folder / "a.gz", "mine", report).incomplete == "b.gz missing"
    assert upload(stage, folder / "b.gz", "mine", report).incomplete == ""


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
    (folder / name).write_bytes(b"x")
    (folder / "manifest.json").write_bytes(manifest(listed(name, b"x")))
    said = {folder: "found the name|files.0.name: found", folder / name: "not a valid file name"}
    for path, words in said.items():
        with pytest.raises(InputError, match=words) as raised:
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


def write_manifest(folder: Path, *names: str) -> None:
    files = [listed(name, (folder / name).read_bytes()) for name in names]
    (folder / "manifest.json").write_bytes(manifest(*files))


def test_a_manifest_goes_first_with_the_files_that_it_lists_and_no_others(folder: Path) -> None:
    (folder / "extra.gz").write_bytes(b"x")
    write_manifest(folder, "extra.gz")

    assert [file.name for file in files_of(folder, REQUIRED)] == ["manifest.json", "extra.gz"]


def test_an_upload_by_a_manifest_starts_an_execution(
    stage: Stage, tmp_path: Path, report: RecordingReport
) -> None:
    (tmp_path / "shard-0.gz").write_bytes(b"x")
    write_manifest(tmp_path, "shard-0.gz")

    assert upload(stage, tmp_path, "mine", report).incomplete == ""
    assert complete_folder(tmp_path, REQUIRED) == tmp_path


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"files": 3}', '{"files": [{"name": "../x"}]}'])
def test_a_manifest_that_cannot_be_used_is_named_and_nothing_is_sent(
    stage: Stage, folder: Path, report: RecordingReport, text: str
) -> None:
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"manifest\.json"):
        upload(stage, folder, "mine", report)
    assert keys(stage) == []


def test_names_are_sent_in_one_spelling(
    stage: Stage, tmp_path: Path, report: RecordingReport
) -> None:
    (tmp_path / DECOMPOSED).write_bytes(b"x")
    write_manifest(tmp_path, DECOMPOSED)

    assert upload(stage, tmp_path, "mine", report).incomplete == ""
    assert upload(stage, tmp_path / DECOMPOSED, "mine", report).incomplete == ""
    assert keys(stage) == [f"raw_data/mine/{COMPOSED}", "raw_data/mine/manifest.json"]


def test_what_is_no_file_is_named_with_the_reason(
    stage: Stage, folder: Path, report: RecordingReport
) -> None:
    (folder / "a.gz").unlink()
    (folder / "a.gz").symlink_to("elsewhere/a.gz")
    (folder / "b.gz").unlink()
    (folder / "b.gz").mkdir()
    with pytest.raises(InputError) as raised:
        upload(stage, folder, "mine", report)
    assert str(raised.value).splitlines() == [
        f"{folder / 'a.gz'} is a link to elsewhere/a.gz, which is not there, expected a file",
        f"{folder / 'b.gz'} is a folder, expected a file",
    ]
    assert keys(stage) == []


def test_a_link_to_a_file_and_things_of_other_names_are_no_matter(folder: Path) -> None:
    (folder / "notes").mkdir()
    (folder / "old").symlink_to("nowhere")
    (folder / "a.gz").rename(folder / "notes/a.gz")
    (folder / "a.gz").symlink_to("notes/a.gz")
    assert [file.name for file in files_of(folder, REQUIRED)] == REQUIRED
