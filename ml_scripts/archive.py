"""Unpack a model.tar.gz that somebody else wrote.

Only regular files and folders come out, under a cap on their count and size; links, devices and
paths that lead elsewhere are refused. Python's own filter="data" has had bypasses (CVE-2025-4517).
"""

import tarfile
import zlib
from pathlib import Path, PurePosixPath

from errors import ModelError

MAX_MEMBERS = 1000
MAX_BYTES = 4 * 1024**3
CHUNK_BYTES = 1024**2


def extract(
    archive: Path, folder: Path, max_members: int = MAX_MEMBERS, max_bytes: int = MAX_BYTES
) -> None:
    """Unpack a gzipped tar archive into a folder.

    Raises:
        ModelError: the archive is missing, damaged, too large, or holds what it should not.
    """
    try:
        with tarfile.open(archive, "r|gz") as stream:
            _extract_members(stream, archive.name, folder, max_members, max_bytes)
    except FileNotFoundError:
        raise ModelError(f"{archive}: no such file, expected a model archive") from None
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise ModelError(f"{archive.name}: cannot be unpacked: {error}") from None


def _extract_members(
    stream: tarfile.TarFile, name: str, folder: Path, max_members: int, max_bytes: int
) -> None:
    budget = max_bytes
    for count, member in enumerate(stream, start=1):
        if count > max_members:
            raise ModelError(f"{name}: more than {max_members:,} members")
        target = folder / _safe_path(member, name)
        if member.isdir():
            target.mkdir(parents=True, exist_ok=True)
            continue
        budget -= member.size
        if budget < 0:
            raise ModelError(f"{name}: more than {max_bytes:,} bytes unpacked")
        _write_member(stream, member, target)


def _safe_path(member: tarfile.TarInfo, name: str) -> PurePosixPath:
    """Return the member's path if it is a plain file or folder below the archive's root."""
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts:
        raise ModelError(f"{name}: the member {member.name!r} leads out of the archive")
    if member.issparse() or not (member.isreg() or member.isdir()):
        raise ModelError(f"{name}: the member {member.name!r} is not a regular file or folder")
    return path


def _write_member(stream: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source = stream.extractfile(member)
    with target.open("wb") as file:
        while source and (chunk := source.read(CHUNK_BYTES)):
            file.write(chunk)
