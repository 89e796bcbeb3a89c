"""Whether the data set is complete, in the bucket or in a folder that is to be uploaded."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError
from rich.filesize import decimal

from lambdas.boundary.s3_objects import error_code
from lambdas.data_sets.data_sets import DataSets
from operations.data_folder import look
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
    found = look(folder, required)
    wrong = [*(f"{folder / name} is missing" for name in found.missing), *found.problems]
    if wrong:
        return [problem(TO_UPLOAD, line, "correct the folder before the upload") for line in wrong]
    rule = "its manifest" if found.by_manifest else "required_files"
    told = f"{folder} is complete by {rule}: {_files(found.files)}, {decimal(found.size)}"
    return [ok(TO_UPLOAD, told)]


def _files(files: Sequence[object]) -> str:
    return "1 file" if len(files) == 1 else f"{len(files)} files"
