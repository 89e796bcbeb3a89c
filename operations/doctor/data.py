"""Whether the data set is complete, in the bucket or in a folder that is to be uploaded."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from rich.filesize import decimal

from lambdas.boundary.s3_objects import error_code
from lambdas.data_sets import manifest
from lambdas.data_sets.data_sets import DataSets
from lambdas.errors import ManifestError
from operations.doctor.findings import Finding, ok, problem, warning
from state_machine.config import PipelineConfig
from state_machine.names import DATASET_PREFIX, Names

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

UPLOADED, TO_UPLOAD = "uploaded data", "data to upload"
PERMISSIONS = "s3:ListBucketVersions and s3:GetObject"


def in_bucket(config: PipelineConfig, names: Names, s3: "S3Client") -> Finding:
    """Whether the configured data set lies complete in the bucket, as on_upload would judge it."""
    sets = DataSets(s3, names.bucket, DATASET_PREFIX, tuple(config.data.required_files))
    try:
        found = sets.find(config.data.dataset)
    except ClientError as error:
        if error_code(error) != "NoSuchBucket":
            raise
        where = f"there is no bucket {names.bucket} yet"
        return warning(UPLOADED, where, "`retrain deploy`; --data FOLDER looks at a folder before")
    if not found.objects:
        where = f"nothing is in {found.s3_uri} yet"
        return warning(UPLOADED, where, "`retrain upload FOLDER` starts a run")
    if found.incomplete:
        told = f"{found.s3_uri} is incomplete: {found.incomplete}"
        return problem(UPLOADED, told, "upload what is missing or wrong: `retrain upload FOLDER`")
    size = decimal(sum(version.size for version in found.objects))
    return ok(UPLOADED, f"{found.s3_uri} is complete: {_files(found.objects)}, {size}")


def in_folder(folder: Path, required: Sequence[str]) -> list[Finding]:
    """Whether a folder holds a complete data set; each file that is not right is a finding."""
    if not folder.is_dir():
        return [problem(TO_UPLOAD, f"{folder} is no folder", "name the folder with the data set")]
    listed: tuple[manifest.ListedFile, ...] = ()
    if (folder / manifest.FILE_NAME).is_file():
        try:
            listed = read_manifest(folder / manifest.FILE_NAME)
        except ManifestError as error:
            return [problem(TO_UPLOAD, f"{folder}: {error}", "write the manifest anew")]
    names = [file.name for file in listed] or list(required)
    wrong = [*_missing(folder, names), *_unlike(folder, listed)]
    if wrong:
        return [problem(TO_UPLOAD, line, "correct the folder before the upload") for line in wrong]
    size = decimal(sum((folder / name).stat().st_size for name in names))
    rule = "its manifest" if listed else "required_files"
    return [ok(TO_UPLOAD, f"{folder} is complete by {rule}: {_files(names)}, {size}")]


def read_manifest(path: Path) -> tuple[manifest.ListedFile, ...]:
    """The files that a manifest on disk lists. Raises ManifestError."""
    content: Any = path.open("rb")  # is read and closed as a body of S3's is
    return manifest.read(content)


def _files(files: Sequence[object]) -> str:
    return "1 file" if len(files) == 1 else f"{len(files)} files"


def _missing(folder: Path, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        path = folder / name
        if not path.is_file():
            yield f"{path} is missing"
        elif not path.stat().st_size:
            yield f"{path} is empty"


def _unlike(folder: Path, listed: Sequence[manifest.ListedFile]) -> Iterator[str]:
    """Say what differs from the manifest; digests are made of what has the right size."""
    for file in listed:
        path = folder / file.name
        if not path.is_file():
            continue
        if (size := path.stat().st_size) != file.size:
            yield f"{path}: found {size} bytes, its manifest says {file.size}"
        elif (digest := _sha256(path)) != file.sha256:
            yield f"{path}: found sha256 {digest}, its manifest says {file.sha256}"


def _sha256(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
