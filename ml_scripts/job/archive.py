"""Unpack a tar.gz that somebody else wrote.

Only regular files and folders come out, under a cap on their count and size, and only if the whole
archive is so: it is read through once before the first byte is written. Members are written by
hand, because Python's own filter="data" has had bypasses (CVE-2025-4330, CVE-2025-4517), and are
refused by their headers, because its reader acts on what those say (CVE-2025-8194).
"""

import gzip
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Self

from job.errors import ModelError

MAX_MEMBERS = 1000
MAX_BYTES = 4 * 1024**3
MAX_HEADER_BYTES = 64 * 1024  # of a header that only says something of the next member
MAX_PADDING_BYTES = 1024**2
CHUNK_BYTES = 1024**2

EXTENDING = (
    tarfile.XHDTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
PLAIN = (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE)


def extract(
    archive: Path, folder: Path, max_members: int = MAX_MEMBERS, max_bytes: int = MAX_BYTES
) -> None:
    """Unpack a gzipped tar archive into a folder, if nothing in it has to be refused.

    Raises:
        ModelError: the archive is missing, damaged, too large, or holds what it should not.
    """
    try:
        with _opened(archive) as (stream, unzipped):
            for _ in _checked(stream, max_members, max_bytes):
                pass
            _check_end(unzipped)
        with _opened(archive) as (stream, _):
            for member, path in _checked(stream, max_members, max_bytes):
                _write_member(stream, member, folder / path)
    except _RefusedError as error:
        raise ModelError(f"{archive.name}: {error}") from None
    except FileNotFoundError:
        raise ModelError(f"{archive}: no such file, expected a model archive") from None
    except (tarfile.TarError, EOFError, zlib.error, OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{archive.name}: cannot be unpacked: {error}") from None


class _RefusedError(Exception):
    """What the archive holds that it should not."""


class _Member(tarfile.TarInfo):
    """A member that is refused by its header, before tarfile acts on what the header says."""

    def _proc_member(self, archive: tarfile.TarFile) -> Self:
        """Take the member: the method that tarfile has for subclasses to override."""
        if self.size < 0:
            raise _RefusedError(f"the member {self.name!r} has a negative size")
        if self.type in EXTENDING and self.size > MAX_HEADER_BYTES:
            raise _RefusedError(f"a header of {self.size:,} bytes, at most {MAX_HEADER_BYTES:,}")
        if self.type not in (*EXTENDING, *PLAIN):
            raise _RefusedError(f"the member {self.name!r} is not a regular file or folder")
        return super()._proc_member(archive)  # type: ignore[misc] # typeshed has no private methods

    def _refuse_sparse(self, sparse: tarfile.TarInfo, *_: object) -> None:
        raise _RefusedError(f"the member {sparse.name!r} is not a regular file or folder")

    # What a PAX header can make of a regular file: reading some of these never ends.
    _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10 = _refuse_sparse


@contextmanager
def _opened(archive: Path) -> Iterator[tuple[tarfile.TarFile, gzip.GzipFile]]:
    # tarfile's own reading of gzip checks neither length nor CRC.
    with (
        gzip.open(archive) as unzipped,
        tarfile.open(fileobj=unzipped, mode="r|", tarinfo=_Member) as stream,
    ):
        yield stream, unzipped


def _check_end(unzipped: gzip.GzipFile) -> None:
    """Read to the end, which makes gzip check its CRC."""
    if len(unzipped.read(MAX_PADDING_BYTES + 1)) > MAX_PADDING_BYTES:
        raise _RefusedError(f"more than {MAX_PADDING_BYTES:,} bytes after the last member")


def _checked(
    stream: tarfile.TarFile, max_members: int, max_bytes: int
) -> Iterator[tuple[tarfile.TarInfo, PurePosixPath]]:
    """Yield every member with its path below the archive's root, as long as all is well."""
    budget, files = max_bytes, set()
    for count, member in enumerate(stream, start=1):
        if count > max_members:
            raise _RefusedError(f"more than {max_members:,} members")
        path = _safe_path(member)
        budget -= member.size
        if member.size < 0 or budget < 0:  # an extending header may have made it negative
            raise _RefusedError(f"more than {max_bytes:,} bytes unpacked")
        if member.isreg() and path == PurePosixPath():
            raise _RefusedError("a member that has no name of its own")
        if member.isreg() and path in files:
            raise _RefusedError(f"the member {member.name!r} is in it twice")
        files.add(path)
        yield member, path


def _safe_path(member: tarfile.TarInfo) -> PurePosixPath:
    """Return the member's path if it leads to somewhere below the archive's root."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise _RefusedError(f"the member {member.name!r} leads out of the archive")
    if not member.name.isprintable():
        raise _RefusedError(f"the member {member.name!r} has a name that cannot be printed")
    return path


def _write_member(stream: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    if member.isdir():
        target.mkdir(parents=True, exist_ok=True)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    source = stream.extractfile(member)
    with target.open("xb") as file:
        while source and (chunk := source.read(CHUNK_BYTES)):
            file.write(chunk)
