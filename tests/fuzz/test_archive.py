"""Archives: regular files below the folder, within the caps, or a ModelError and nothing at all."""

import gzip
import io
import shutil
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz import hostile
from tests.fuzz.cases import fuzzed, writing_only_to

# isort: split
from fitting import history
from job import archive, model_digest
from job.errors import DataError, ModelError

MOST_BYTES, MOST_MEMBERS = 2000, 6
KINDS = (
    *[tarfile.REGTYPE] * 8,
    *[tarfile.DIRTYPE] * 3,
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.CHRTYPE,
    tarfile.BLKTYPE,
    tarfile.FIFOTYPE,
    tarfile.CONTTYPE,
    tarfile.GNUTYPE_SPARSE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    b"?",
)
NAMES = st.sampled_from(
    ["a", "a/b", "a/b/c", "./a", "1/x.pb", "b", "history.csv", "model.sha256"]
) | st.sampled_from(
    ["../outside/evil", "a/../../outside/evil", "..", ".", "/", "a//b", *hostile.NASTY_TEXTS]
)
PAX = st.dictionaries(
    st.sampled_from(["path", "size", "linkpath", "mtime", "GNU.sparse.map", "GNU.sparse.size"])
    | st.sampled_from(["GNU.sparse.major", "GNU.sparse.minor", "hdrcharset", "GNU.sparse.name"]),
    st.sampled_from(["1", "0", "-1", "1e9", "nan", "../outside/evil", "0,1", str(2**70)]),
    max_size=3,
)


@st.composite
def tars(draw: st.DrawFn) -> bytes:
    """A tar of a few members, most of which are well."""
    written = io.BytesIO()
    form = draw(st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]))
    with tarfile.open(fileobj=written, mode="w", format=form) as tar:
        for _ in range(draw(st.integers(0, 8))):
            member = tarfile.TarInfo(draw(NAMES))
            member.type = draw(st.sampled_from(KINDS))
            member.linkname = draw(st.sampled_from(["", "a", "../outside", "/etc/passwd"]))
            member.mode = draw(st.sampled_from([0o644, 0o4755, 0]))
            content = draw(st.sampled_from([b"", b"x", b"x" * 600, b"1000000\n" * 64]))
            if member.type in (tarfile.XHDTYPE, tarfile.XGLTYPE):
                content = _records(draw(PAX))
            member.size = len(content)
            try:
                tar.addfile(member, io.BytesIO(content))
            except (ValueError, UnicodeError):
                continue  # what tarfile does not write, a hand-made one has: see `damaged`
    return written.getvalue()


def _records(headers: dict[str, str]) -> bytes:
    records = b""
    for key, value in headers.items():
        record = f" {key}={value}\n".encode()
        records += str(len(record) + len(str(len(record) + 2))).encode() + record
    return records


@st.composite
def archives(draw: st.DrawFn) -> bytes:
    """The same, gzipped, with damage inside and outside of the gzip."""
    tar = draw(tars())
    if draw(st.booleans()):
        tar = draw(hostile.damaged(tar))
    if draw(st.integers(0, 3)) == 0:  # a checksum that fits the damage
        tar = _with_right_checksums(tar)
    packed = gzip.compress(tar, 1)
    return draw(hostile.damaged(packed, most=1)) if draw(st.integers(0, 4)) == 0 else packed


def _with_right_checksums(tar: bytes) -> bytes:
    blocks = bytearray(tar)
    for at in range(0, len(blocks) - 511, 512):
        block = blocks[at : at + 512]
        if block[257:262] == b"ustar":
            total = 256 + sum(block[:148]) + sum(block[156:])
            blocks[at + 148 : at + 156] = b"%06o\0 " % total
    return bytes(blocks)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    (folder / "outside").mkdir()
    return folder


@fuzzed
@given(content=archives())
def test_an_archive(world: Path, content: bytes) -> None:
    packed, job = world / "model.tar.gz", world / "job"
    packed.write_bytes(content)
    shutil.rmtree(job, ignore_errors=True)
    with writing_only_to(job):
        try:
            archive.extract(packed, job, MOST_MEMBERS, MOST_BYTES)
        except ModelError as error:
            assert "model.tar.gz: " in str(error)
    assert {path.name for path in world.iterdir()} <= {"job", "model.tar.gz", "outside"}
    assert not any((world / "outside").iterdir())
    found = list(job.rglob("*"))
    files = [path for path in found if not path.is_dir()]
    assert all(path.is_file() and not path.is_symlink() for path in files)
    assert not any(path.stat().st_mode & 0o7000 for path in files)
    assert len(files) <= MOST_MEMBERS
    assert sum(path.stat().st_size for path in files) <= MOST_BYTES


@fuzzed
@given(content=archives())
def test_a_record_of_a_digest(world: Path, content: bytes) -> None:
    packed = world / "output.tar.gz"
    packed.write_bytes(content)
    try:
        digest = model_digest.recorded(packed)
    except ModelError as error:
        assert "output.tar.gz" in str(error)
    else:
        assert model_digest.DIGEST.fullmatch(digest)
    finally:
        packed.unlink()


HISTORY = b"epoch,loss,accuracy,val_loss,val_accuracy,seconds\n" + b"1,0.5,0.9,0.5,0.9,1.0\n" * 3


@fuzzed
@given(
    content=hostile.damaged(HISTORY),
    field=st.sampled_from([b"0.9", b"1,", b"0.5", b"epoch"]),
    value=st.sampled_from([b"nan", b"inf", b"-1,", b"1e999", b"0", b"x" * 200_000, b'"', b"\0"]),
)
def test_a_history(world: Path, content: bytes, field: bytes, value: bytes) -> None:
    folder = world / "outside"
    content = content.replace(field, value, 1)
    (folder / history.FILE_NAME).write_bytes(content)
    try:
        rows = history.read(folder)
    except DataError as error:
        assert history.FILE_NAME in str(error)
    else:
        assert all(history.log_line(row, 10) for row in rows)
        assert not rows or isinstance(history.best_epoch(rows), int)
    finally:
        (folder / history.FILE_NAME).unlink()
