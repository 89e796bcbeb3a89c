"""Model archives are hostile until checked: plain files below the folder come out, or nothing."""

import gzip
import io
import tarfile

import pytest

from job.archive import extract
from job.errors import ModelError


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
        (_member("disk", tarfile.BLKTYPE), "is not a regular file"),
        (_member("old", tarfile.GNUTYPE_SPARSE), "is not a regular file"),
        (_member("what", b"?"), "is not a regular file"),
        (_member("\x1b[31m", size=1), "has a name that cannot be printed"),
        (_member("good", size=1), "is in it twice"),
    ],
)
def test_what_is_not_a_plain_file_below_the_folder_is_refused(tmp_path, member, problem):
    archive = _pack(tmp_path / "model.tar.gz", _member("good", size=1), member)
    with pytest.raises(ModelError, match=f"model.tar.gz: the member .* {problem}"):
        extract(archive, tmp_path / "in/out")
    assert sorted(tmp_path.rglob("*")) == [archive]  # not even the good one


@pytest.mark.parametrize("name", [".", "./", "././"])
def test_a_file_cannot_take_the_place_of_the_folder(tmp_path, name):
    archive = _pack(tmp_path / "model.tar.gz", _member(name, size=1))
    with pytest.raises(ModelError, match=r"model.tar.gz: a member that has no name of its own"):
        extract(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_size_is_capped_before_anything_is_written(tmp_path):
    archive = _pack(tmp_path / "model.tar.gz", _member("a", size=60), _member("b", size=60))
    with pytest.raises(ModelError, match="more than 100 bytes unpacked"):
        extract(archive, tmp_path / "out", max_bytes=100)
    assert not (tmp_path / "out").exists()


def test_the_count_is_capped(tmp_path):
    archive = _pack(tmp_path / "model.tar.gz", *(_member(f"f{i}") for i in range(4)))
    with pytest.raises(ModelError, match="more than 3 members"):
        extract(archive, tmp_path / "out", max_members=3)


def _with_pax(path, headers: dict[str, str], content: bytes = b""):
    """Pack one member whose extended header says what tarfile itself would never write."""
    records = b""
    for key, value in headers.items():
        record = f" {key}={value}\n".encode()
        length = len(record) + len(str(len(record) + 3))
        records += str(length).encode() + record
    extended = _member("header", tarfile.XHDTYPE, size=len(records))
    plain = _member("plain", size=len(content))
    with tarfile.open(path, "w:gz", format=tarfile.USTAR_FORMAT) as tar:
        tar.addfile(extended, io.BytesIO(records))
        tar.addfile(plain, io.BytesIO(content))
    return path


@pytest.mark.parametrize(
    ("headers", "problem"),
    [
        ({"path": "../evil"}, "leads out of the archive"),
        ({"path": "/etc/evil"}, "leads out of the archive"),
        ({"path": "a\0b"}, "has a name that cannot be printed"),
        ({"size": "-512"}, "more than 4,294,967,296 bytes unpacked"),
        ({"size": str(2**62)}, "more than 4,294,967,296 bytes unpacked"),
        ({"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}, "is not a regular file"),
        ({"GNU.sparse.map": "0,1"}, "is not a regular file"),
        ({"GNU.sparse.size": "1"}, "is not a regular file"),
    ],
)
def test_what_an_extended_header_makes_of_a_member_is_refused(tmp_path, headers, problem):
    archive = _with_pax(tmp_path / "model.tar.gz", headers, b"1000000\n" + b"0\n" * 252)
    with pytest.raises(ModelError, match=problem):
        extract(archive, tmp_path / "in/out")
    assert sorted(tmp_path.rglob("*")) == [archive]


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_is_not_read_whatever_its_size(tmp_path, kind):
    """tarfile reads these into memory: 100 kB of gzip would be 100 MB."""
    archive = _pack(tmp_path / "model.tar.gz", _member("header", kind, size=100_000))
    with pytest.raises(ModelError, match="a header of 100,000 bytes, at most 65,536"):
        extract(archive, tmp_path / "out")


def test_a_negative_size_ends_it(tmp_path):
    """Python before CVE-2025-8194 was closed goes round in circles."""
    member = _member("a")
    header = bytearray(member.tobuf(tarfile.GNU_FORMAT))
    header[124:136] = tarfile.itn(-512, 12, tarfile.GNU_FORMAT)
    header[148:156] = b"%06o\0 " % (256 + sum(header[:148]) + sum(header[156:]))
    archive = tmp_path / "model.tar.gz"
    archive.write_bytes(gzip.compress(bytes(header) + bytes(1024)))
    with pytest.raises(ModelError, match="the member 'a' has a negative size"):
        extract(archive, tmp_path / "out")


def test_headers_upon_headers_are_refused(tmp_path):
    """Each makes tarfile call itself once more."""
    headers = [_member("header", tarfile.XHDTYPE) for _ in range(3000)]
    archive = _pack(tmp_path / "model.tar.gz", *headers, _member("a"))
    with pytest.raises(ModelError, match="cannot be unpacked"):
        extract(archive, tmp_path / "out")


def test_a_wrong_checksum_of_gzip_is_noticed(tmp_path):
    archive = _pack(tmp_path / "model.tar.gz", _member("a", size=50_000))
    content = bytearray(archive.read_bytes())
    content[-8] ^= 1
    archive.write_bytes(content)
    with pytest.raises(ModelError, match="cannot be unpacked: CRC check failed"):
        extract(archive, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("damage", [lambda b: b[:-30], lambda b: b"no archive", lambda b: b""])
def test_a_damaged_archive_is_refused(tmp_path, damage):
    archive = _pack(tmp_path / "model.tar.gz", _member("a", size=50_000))
    archive.write_bytes(damage(archive.read_bytes()))
    with pytest.raises(ModelError, match=r"model.tar.gz: cannot be unpacked"):
        extract(archive, tmp_path / "out")


def test_a_missing_archive_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"model.tar.gz: no such file"):
        extract(tmp_path / "model.tar.gz", tmp_path / "out")
