"""The data set, in the bucket and in a folder that is to be uploaded."""

import hashlib
import json
from pathlib import Path

import pytest

from operations.doctor.data import in_bucket, in_folder
from operations.doctor.findings import Level
from state_machine.config import PipelineConfig, load
from state_machine.names import Names
from tests.fakes.s3 import FakeS3
from tests.support.paths import PROJECT

NAMES = Names("retrain", "dev", "123456789012", "us-east-1")
PLACE = "raw_data/fashion-mnist/"


@pytest.fixture
def config() -> PipelineConfig:
    return load(PROJECT / "pipeline.toml")


@pytest.fixture
def s3() -> FakeS3:
    return FakeS3(NAMES.bucket)


@pytest.fixture
def folder(config: PipelineConfig, tmp_path: Path) -> Path:
    for name in config.data.required_files:
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def write_manifest(folder: Path, **changes: object) -> None:
    """List the folder's files as they are, but for the first one's `changes`."""
    files = [
        {
            "name": path.name,
            "size": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in sorted(folder.iterdir())
    ]
    files[0] |= changes
    (folder / "manifest.json").write_text(json.dumps({"files": files}))


def test_without_a_bucket_the_next_step_is_to_deploy(config: PipelineConfig) -> None:
    finding = in_bucket(config, NAMES, FakeS3())  # type: ignore[arg-type]
    assert finding.level is Level.WARNING
    assert "`retrain deploy`" in finding.next_step


def test_without_data_the_next_step_is_to_upload(config: PipelineConfig, s3: FakeS3) -> None:
    finding = in_bucket(config, NAMES, s3)  # type: ignore[arg-type]
    assert finding.level is Level.WARNING
    assert "retrain upload" in finding.next_step


def test_a_data_set_that_lacks_files_names_them(config: PipelineConfig, s3: FakeS3) -> None:
    first, *others = config.data.required_files
    s3.upload(NAMES.bucket, f"{PLACE}{first}")
    finding = in_bucket(config, NAMES, s3)  # type: ignore[arg-type]
    assert finding.level is Level.PROBLEM
    assert f"{', '.join(others)} missing" in finding.found


def test_a_complete_data_set_is_ok(config: PipelineConfig, s3: FakeS3) -> None:
    for name in config.data.required_files:
        s3.upload(NAMES.bucket, f"{PLACE}{name}", b"12345")
    finding = in_bucket(config, NAMES, s3)  # type: ignore[arg-type]
    assert finding.level is Level.OK
    assert "4 files, 20 bytes" in finding.found


def test_a_complete_folder_is_ok(config: PipelineConfig, folder: Path) -> None:
    (finding,) = in_folder(folder, config.data.required_files)
    assert finding.level is Level.OK
    assert "complete by required_files: 4 files" in finding.found


def test_files_that_are_missing_or_empty_are_problems(config: PipelineConfig, folder: Path) -> None:
    first, second, *_ = config.data.required_files
    (folder / first).unlink()
    (folder / second).write_bytes(b"")
    findings = in_folder(folder, config.data.required_files)
    assert [f.level for f in findings] == [Level.PROBLEM, Level.PROBLEM]
    assert findings[0].found == f"{folder / first} is missing"
    assert findings[1].found == f"{folder}: {second} is empty"


def test_no_folder_is_a_problem(config: PipelineConfig, tmp_path: Path) -> None:
    (finding,) = in_folder(tmp_path / "nowhere", config.data.required_files)
    assert finding.level is Level.PROBLEM


def test_a_manifest_takes_the_place_of_required_files(tmp_path: Path) -> None:
    (tmp_path / "other.gz").write_bytes(b"content")
    write_manifest(tmp_path)
    (finding,) = in_folder(tmp_path, ["train.gz"])
    assert finding.level is Level.OK
    assert "complete by its manifest: 2 files" in finding.found


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"size": 1}, "bytes, expected 1 bytes as manifest.json lists it"),
        ({"sha256": "0" * 64}, f"its manifest says {'0' * 64}"),
        ({"name": "elsewhere.gz"}, "elsewhere.gz is missing"),
    ],
)
def test_what_differs_from_the_manifest_is_a_problem(
    folder: Path, changes: dict[str, object], told: str
) -> None:
    write_manifest(folder, **changes)
    (finding,) = in_folder(folder, [])
    assert finding.level is Level.PROBLEM
    assert told in finding.found


@pytest.mark.parametrize("content", ["{", '{"files": []}', '{"files": [{"name": "../x"}]}'])
def test_a_manifest_that_cannot_be_used_is_a_problem(folder: Path, content: str) -> None:
    (folder / "manifest.json").write_text(content)
    (finding,) = in_folder(folder, [])
    assert finding.level is Level.PROBLEM
    assert "manifest.json" in finding.found
