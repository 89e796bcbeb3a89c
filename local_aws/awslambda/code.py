"""A function's deployed zip on disk, and the packages that Lambda's Python runtime brings along."""

import io
import os
import shutil
import stat
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path

MAX_UNZIPPED_BYTES = 262_144_000

# https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html#python-runtime-sdk-included and
# what awslambdaric itself needs.
RUNTIME_MODULES = (
    "boto3",
    "botocore",
    "s3transfer",
    "jmespath",
    "dateutil",
    "six",
    "urllib3",
    "awslambdaric",
    "runtime_client",
    "simplejson",
    "snapshot_restore_py",
)


_BOOTSTRAP = "bootstrap.py"


class CodeTooLargeError(Exception):
    """The zip holds more than Lambda accepts."""


def unpack(zipped: bytes, folder: Path, twins: Iterable[Path] = ()) -> Path:
    """Unpack the zip into `folder`, unless it is there already; return `folder`.

    `twins` are folders of the same zip: one that is there is linked instead, with the bytecode that
    Python has left in it. A pipeline's functions have one zip, and an SDK in it, whose compiling
    takes longer than all else of a start.

    The folder appears whole or not at all. Raises CodeTooLargeError, zipfile.BadZipFile.
    """
    if folder.exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".unpacking-", dir=folder.parent))
    try:
        if not any(_linked(twin, partial) for twin in twins):
            with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
                check_size(archive)
                for entry in archive.infolist():
                    _extract(archive, entry, partial)
        partial.chmod(0o755)
        partial.rename(folder)
    except OSError:
        if not folder.exists():  # another invocation may have been faster
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def _linked(twin: Path, partial: Path) -> bool:
    """Fill the folder with links to the files of another, unless that goes away meanwhile."""
    try:
        shutil.copytree(twin, partial, copy_function=os.link, dirs_exist_ok=True)
    except OSError:
        for left in partial.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        return False
    return True


def check_size(archive: zipfile.ZipFile) -> None:
    """Raise CodeTooLargeError if the archive's files exceed Lambda's limit."""
    size = sum(entry.file_size for entry in archive.infolist())
    if size > MAX_UNZIPPED_BYTES:
        raise CodeTooLargeError(f"{size} bytes unzipped, at most {MAX_UNZIPPED_BYTES} allowed")


def link_runtime(folder: Path) -> Path:
    """Make `folder` hold links to the packages of Lambda's runtime, what starts it, and no more."""
    shutil.rmtree(folder, ignore_errors=True)  # links to another environment's packages
    folder.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name(_BOOTSTRAP), folder)
    for target in filter(None, map(_installed, RUNTIME_MODULES)):
        (folder / target.name).symlink_to(target)
    return folder


def command(task_root: str, runtime: str, handler: str) -> list[str]:
    """Return the command line that runs the handler of the code in `task_root`."""
    arguments = [f"{runtime}/{_BOOTSTRAP}", task_root, runtime, handler]
    return [sys.executable, "-I", "-S", "-X", "utf8", *arguments]


def _extract(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, folder: Path) -> None:
    path = Path(archive.extract(entry, folder))  # drops absolute paths and ".."
    mode = entry.external_attr >> 16
    if path.is_file():
        executable = bool(mode & stat.S_IXUSR)
        os.chmod(path, 0o555 if executable else 0o444)  # noqa: PTH101


def _installed(module: str) -> Path | None:
    """Return the module's file or package folder."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin)
    return origin.parent if origin.name == "__init__.py" else origin
