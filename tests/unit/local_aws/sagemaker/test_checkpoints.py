import os
from pathlib import Path
from typing import Any

import pytest

from local_aws.sagemaker.checkpoints import Checkpoints
from local_aws.sagemaker.transfer import S3Uri
from tests.support.waiting import eventually

URI = S3Uri("bucket", "checkpoints")


class FakeTransfer:
    """S3 in a dict; `calls` keeps the order of what was put and deleted."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.calls: list[str] = []

    def keys(self, uri: S3Uri) -> list[str]:
        return sorted(key for key in self.objects if key.startswith(uri.key))

    def download(self, uri: S3Uri, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self.objects[uri.key])

    def upload(self, source: Path, uri: S3Uri) -> None:
        self.objects[uri.key] = source.read_bytes()
        self.calls.append(f"put {uri.key}")

    def delete(self, uri: S3Uri) -> None:
        del self.objects[uri.key]
        self.calls.append(f"delete {uri.key}")


@pytest.fixture
def s3() -> FakeTransfer:
    return FakeTransfer()


@pytest.fixture
def checkpoints(s3: Any, tmp_path: Path) -> Checkpoints:
    return Checkpoints(s3, tmp_path, URI)


def test_what_was_restored_is_not_put_again(
    checkpoints: Checkpoints, s3: FakeTransfer, tmp_path: Path
) -> None:
    s3.objects["checkpoints/epoch-1"] = b"one"

    checkpoints.restore()
    with checkpoints.mirrored():
        assert (tmp_path / "epoch-1").read_bytes() == b"one"

    assert s3.calls == []


def test_files_are_put_oldest_first_and_gone_ones_deleted(
    checkpoints: Checkpoints, s3: FakeTransfer, tmp_path: Path
) -> None:
    s3.objects["checkpoints/epoch-1"] = b"one"
    checkpoints.restore()

    with checkpoints.mirrored():
        (tmp_path / "epoch-1").unlink()
        for age, name in enumerate(("a-newest.json", "epoch-2", "z-oldest")):
            (tmp_path / name).write_text(name)
            os.utime(tmp_path / name, (100 - age, 100 - age))

    assert s3.calls == [
        "put checkpoints/z-oldest",
        "put checkpoints/epoch-2",
        "put checkpoints/a-newest.json",
        "delete checkpoints/epoch-1",
    ]


def test_a_file_is_put_while_the_job_runs(
    checkpoints: Checkpoints, s3: FakeTransfer, tmp_path: Path
) -> None:
    with checkpoints.mirrored():
        (tmp_path / "epoch-1").write_text("one")
        eventually(lambda: s3.objects == {"checkpoints/epoch-1": b"one"})

    assert s3.calls == ["put checkpoints/epoch-1"]
