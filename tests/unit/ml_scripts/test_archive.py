"""Model archives are hostile until checked: plain files below the folder come out, or nothing."""

import io
import tarfile

import pytest

from archive import extract
from errors import ModelError


def _member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0, target: str = ""):
    member = tarfile.TarInfo(name)
    member.type, member.size, member.linkname = kind, size, target
    return member


def _pack(path, *members: tarfile.TarInfo):
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size))
    return path


def test_files_and_folders_come_out(tmp_path):
    members = _member("./1", tarfile.DIRTYPE), _member("./1/a.pb", size=3), _member("b/c", size=2)
    extract(_pack(tmp_path / "m.tar.gz", *members), tmp_path / "out")
    assert (tmp_path / "out/1/a.pb").read_text() == "xxx"
    assert (tmp_path / "out/b/c").read_text() == "xx"


@pytest.mark.parametrize(
    ("member", "problem"),
    [
        (_member("../evil", size=1), "leads out of the archive"),
        (_member("/tmp/evil", size=1), "leads out of the archive"),
        (_member("a/../../evil", size=1), "leads out of the archive"),
        (_member("link", tarfile.SYMTYPE, target="/etc/passwd"), "is not a regular file"),
        (_member("link", tarfile.LNKTYPE, target="other"), "is not a regular file"),
        (_member("pipe", tarfile.FIFOTYPE), "is not a regular file"),
        (_member("device", tarfile.CHRTYPE), "is not a regular file"),
    ],
)
def test_what_is_not_a_plain_file_below_the_folder_is_refused(tmp_path, member, problem):
    archive = _pack(tmp_path / "model.tar.gz", member)
    with pytest.raises(ModelError, match=f"model.tar.gz: the member .* {problem}"):
        extract(archive, tmp_path / "in/out")
    assert not list(tmp_path.rglob("evil"))


def test_the_size_is_capped_before_anything_is_written(tmp_path):
    archive = _pack(tmp_path / "model.tar.gz", _member("a", size=60), _member("b", size=60))
    with pytest.raises(ModelError, match="more than 100 bytes unpacked"):
        extract(archive, tmp_path / "out", max_bytes=100)
    assert not (tmp_path / "out/b").exists()


def test_the_count_is_capped(tmp_path):
    archive = _pack(tmp_path / "model.tar.gz", *(_member(f"f{i}") for i in range(4)))
    with pytest.raises(ModelError, match="more than 3 members"):
        extract(archive, tmp_path / "out", max_members=3)


@pytest.mark.parametrize("damage", [lambda b: b[:-30], lambda b: b"no archive", lambda b: b""])
def test_a_damaged_archive_is_refused(tmp_path, damage):
    archive = _pack(tmp_path / "model.tar.gz", _member("a", size=50_000))
    archive.write_bytes(damage(archive.read_bytes()))
    with pytest.raises(ModelError, match=r"model.tar.gz: cannot be unpacked"):
        extract(archive, tmp_path / "out")


def test_a_missing_archive_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"model.tar.gz: no such file"):
        extract(tmp_path / "model.tar.gz", tmp_path / "out")
