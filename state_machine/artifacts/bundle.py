"""The code of the jobs, packed once and named by its content.

`code/<sha256>/` holds `sourcedir.tar.gz` (all scripts) and `process.sh`, the entry script of the
processing jobs. The scripts are those of several folders laid over each other: of two files of the
same name the later folder's is taken. Wheels
that jobs install lie beside them. The same sources give the same name on every machine: the
archive carries no time stamps, no owners and no machine's order of files. What is no source is in
neither: `shipped.py`.
"""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from state_machine.artifacts import shipped, step_code

ARCHIVE = "sourcedir.tar.gz"
ENTRY_SCRIPT = "process.sh"
PREFIX = "code/"
WHEELS = "wheels"
# What the state machine's jobs start: state_machine.definition.jobs.
NEEDED = ("main.py", ENTRY_SCRIPT, "preprocessing.py", "evaluation.py")


@dataclass(frozen=True)
class Bundle:
    """The packed code and where it lies; `steps` has a digest of what each state's job can read."""

    sha256: str
    bucket: str
    files: dict[str, bytes]
    steps: Mapping[str, str] = field(default_factory=dict)

    def code_of(self, state: str) -> str:
        """The digest of what that state's job can read; of all code where that is not known."""
        return self.steps.get(state, self.sha256)

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


def pack(folders: Sequence[Path], bucket: str, wheels: Path | None = None) -> Bundle:
    """Pack the scripts of `folders`, laid over each other, for `bucket`. Nothing is uploaded.

    The wheels in the folder `wheels` lie in the archive's folder `WHEELS`.
    """
    scripts = {name: path.read_bytes() for name, path in sources(folders).items()}
    if wheels is not None:
        found = wheels.glob("*.whl")
        scripts |= {f"{WHEELS}/{path.name}": path.read_bytes() for path in found}
    archive = _archive(scripts)
    entry_script = scripts[ENTRY_SCRIPT]
    digest = hashlib.sha256(archive + entry_script).hexdigest()
    files = {ARCHIVE: archive, ENTRY_SCRIPT: entry_script}
    return Bundle(digest, bucket, files, step_code.digests(scripts))


def sources(folders: Sequence[Path]) -> dict[str, Path]:
    """The file of each name, relative to its folder with '/': the last folder's that has it."""
    return {
        path.relative_to(folder).as_posix(): path
        for folder in folders
        for path in shipped.files(folder)
    }


def _archive(scripts: Mapping[str, bytes]) -> bytes:
    tar_bytes = io.BytesIO()
    with tarfile.open(fileobj=tar_bytes, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in sorted(scripts.items()):
            member = tarfile.TarInfo(name)  # owned by nobody, as old as can be
            member.size, member.mode = len(content), 0o644
            tar.addfile(member, io.BytesIO(content))
    return gzip.compress(tar_bytes.getvalue(), mtime=0)
