"""Whose data folder it is."""

import os
from pathlib import Path

import pytest

from local_aws.client import EmbeddedAws, EmbeddedAwsError
from local_aws.state.folder import ForeignFolderError, check_own, make_private

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
NOBODY = 65534


def test_a_new_folder_is_its_owners_alone(tmp_path: Path) -> None:
    make_private(tmp_path / "project" / "aws")
    assert (tmp_path / "project" / "aws").stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_could_read_is_closed(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_private(tmp_path)
    assert tmp_path.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_folder_that_others_could_write_is_refused(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    with pytest.raises(ForeignFolderError, match=f"mode {mode:o}.*chmod go-w"):
        make_private(tmp_path)


def test_a_file_that_others_could_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.sqlite").touch(0o600)
    check_own(tmp_path)
    (tmp_path / "state.sqlite").chmod(0o666)
    with pytest.raises(ForeignFolderError, match=r"state\.sqlite"):
        check_own(tmp_path)


@needs_root
@pytest.mark.parametrize("foreign", [".", "state.sqlite", "key.json"])
def test_what_another_user_owns_is_never_loaded(tmp_path: Path, foreign: str) -> None:
    folder = tmp_path / "aws"
    with EmbeddedAws(folder) as aws:
        aws.client("s3").create_bucket(Bucket="kept")
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    os.chown(folder / foreign, NOBODY, NOBODY)

    with (
        pytest.raises(EmbeddedAwsError, match="belongs to nobody, expected root"),
        EmbeddedAws(folder),
    ):
        pass

    assert {p.name: p.read_bytes() for p in folder.iterdir() if p.is_file()} == before


@needs_root
def test_a_link_to_what_another_user_owns_is_refused(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "aws", tmp_path / "elsewhere.sqlite"
    make_private(folder)
    elsewhere.touch(0o600)
    (folder / "state.sqlite").symlink_to(elsewhere)
    (folder / "leads-nowhere").symlink_to(tmp_path / "nothing")
    check_own(folder)

    os.chown(elsewhere, NOBODY, NOBODY)

    with pytest.raises(ForeignFolderError, match=r"elsewhere\.sqlite belongs to nobody"):
        check_own(folder)
