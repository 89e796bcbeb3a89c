"""Upload a data set: what makes the pipeline start."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from boto3.s3.transfer import TransferConfig

from lambdas.data_sets.data_sets import DataSets, name_problem
from lambdas.data_sets.manifest import FILE_NAME as MANIFEST
from lambdas.data_sets.manifest import NAME_RULE, is_name, same_name
from operations.data_folder import look
from operations.errors import InputError
from operations.report import Report
from operations.stage import Stage
from state_machine.names import DATASET_PREFIX

# One PutObject below this size, parts above: fewer requests, and one event either way.
ONE_PUT = TransferConfig(multipart_threshold=256 * 1024 * 1024)


@dataclass(frozen=True)
class Uploaded:
    """What was uploaded where: the prefix as s3:// URI, the file names, the bytes in all.

    `incomplete` says what the data set in the bucket still lacks, as the Lambdas judge it; empty
    where an execution starts.
    """

    uri: str
    names: list[str]
    size: int
    incomplete: str


def files_of(path: Path, required: Sequence[str]) -> tuple[Path, ...]:
    """The files to upload: `path` itself, or what the folder `path` holds of a data set.

    Raises InputError if there is none, and where one of them can never make a data set complete:
    the manifest that cannot be used, a file unlike the manifest, an empty one.
    """
    if path.is_file():
        check_file_name(path.name)
        return (path,)
    if not path.is_dir():
        raise InputError(f"{path} does not exist", "name a file, or a folder with the data set")
    found = look(path, required)
    if found.problems:
        raise InputError("\n".join(found.problems), "correct the folder, and upload again")
    if not {file.name for file in found.files} - {MANIFEST}:
        raise InputError(
            f"{path} holds none of the required files: {', '.join(found.missing)}",
            "put them there, or correct required_files in pipeline.toml",
        )
    return found.files


def complete_folder(folder: Path, required: Sequence[str]) -> Path:
    """The folder, if a whole data set is in it. Raises InputError naming what is not right."""
    files_of(folder, required)
    if missing := look(folder, required).missing:
        raise InputError(f"{folder} is incomplete, it lacks {', '.join(missing)}")
    return folder


def upload(stage: Stage, path: Path, dataset: str, report: Report) -> Uploaded:
    """Upload a file, or a folder's data set, to raw_data/<dataset>/ of the stage's bucket.

    Names are sent in one Unicode spelling, so that a file from macOS takes the place of the same
    file from elsewhere. Raises InputError, before anything is sent, for a name that a data set or
    its file cannot have, and as `files_of` does.
    """
    if problem := name_problem(dataset):
        raise InputError(f"{dataset!r} is no data set name: {problem}")
    required = tuple(stage.config.data.required_files)
    files = files_of(path, required)
    bucket, prefix = stage.names.bucket, f"{DATASET_PREFIX}{dataset}/"
    s3 = stage.client("s3")
    for file in files:
        key = f"{prefix}{same_name(file.name)}"
        report.expect(f"Uploading {file.name}", file.stat().st_size)
        with file.open("rb") as content:
            s3.upload_fileobj(content, bucket, key, Config=ONE_PUT, Callback=report.advance)
    return Uploaded(
        uri=f"s3://{bucket}/{prefix}",
        names=[file.name for file in files],
        size=sum(file.stat().st_size for file in files),
        incomplete=DataSets(s3, bucket, DATASET_PREFIX, required).find(dataset).incomplete,
    )


def check_file_name(name: str) -> None:
    """Raises InputError unless a file of a data set can have that name."""
    if not is_name(name):
        raise InputError(
            f"{name!r} is not a valid file name: expected {NAME_RULE}",
            f"rename the file, and its entry in {MANIFEST}",
        )
