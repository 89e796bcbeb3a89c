"""The code of the jobs, packed once and named by its content.

`code/<sha256>/` holds `sourcedir.tar.gz` (everything in ml_scripts/) and `process.sh`, the entry
script of the processing jobs. The same sources give the same name on every machine: the archive
carries no time stamps, no owners and no machine's order of files.
"""

import gzip
import hashlib
import io
import tarfile
from dataclasses import dataclass
from pathlib import Path

ARCHIVE = "sourcedir.tar.gz"
ENTRY_SCRIPT = "process.sh"
PREFIX = "code/"


@dataclass(frozen=True)
class Bundle:
    """The packed code and where it lies."""

    sha256: str
    bucket: str
    files: dict[str, bytes]

    @property
    def prefix(self) -> str:
        """The key prefix of the bundle, ending in a slash."""
        return f"{PREFIX}{self.sha256}/"

    @property
    def s3_uri(self) -> str:
        """The folder that the processing jobs take as their input `code`."""
        return f"s3://{self.bucket}/{self.prefix}"

    @property
    def source_s3_uri(self) -> str:
        """The archive that the training job takes as its submit directory."""
        return f"{self.s3_uri}{ARCHIVE}"


def pack(folder: Path, bucket: str) -> Bundle:
    """Pack the scripts of `folder` for `bucket`. Nothing is uploaded."""
    archive = _archive(folder)
    entry_script = (folder / ENTRY_SCRIPT).read_bytes()
    digest = hashlib.sha256(archive + entry_script).hexdigest()
    return Bundle(digest, bucket, {ARCHIVE: archive, ENTRY_SCRIPT: entry_script})


def _archive(folder: Path) -> bytes:
    tar_bytes = io.BytesIO()
    with tarfile.open(fileobj=tar_bytes, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(_sources(folder)):
            tar.add(path, arcname=path.relative_to(folder).as_posix(), filter=_anonymous)
    return gzip.compress(tar_bytes.getvalue(), mtime=0)


def _sources(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.rglob("*")
        if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts)
    ]


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    member.mode = 0o644
    return member
