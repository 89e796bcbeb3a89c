"""Upload a data set: what makes the pipeline start."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from boto3.s3.transfer import TransferConfig

from lambdas.data_sets.data_sets import name_problem
from lambdas.data_sets.manifest import FILE_NAME as MANIFEST
from lambdas.data_sets.manifest import NAME_RULE, is_name
from operations.errors import InputError
from operations.report import Report
from operations.stage import Stage
from state_machine.names import DATASET_PREFIX

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# One PutObject below this size, parts above: fewer requests, and one event either way.
ONE_PUT = TransferConfig(multipart_threshold=256 * 1024 * 1024)


@dataclass(frozen=True)
class Uploaded:
    """What was uploaded where: the prefix as s3:// URI, the file names, the bytes in all.

    `missing` are the required files that the prefix still lacks.
    """

    uri: str
    names: list[str]
    size: int
    missing: list[str]


def files_of(path: Path, required: Sequence[str]) -> list[Path]:
    """The files to upload: `path` itself, or those of the required names in the folder `path`.

    Raises InputError if there is none.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise InputError(f"{path} does not exist", "name a file, or a folder with the data set")
    # The manifest first: it is the rule by which the others make the data set complete.
    names = [MANIFEST, *listed_by(path / MANIFEST), *required]
    files = [path / name for name in dict.fromkeys(names) if (path / name).is_file()]
    if not {file.name for file in files} - {MANIFEST}:
        raise InputError(
            f"{path} holds none of the required files: {', '.join(required)}",
            "put them there, or correct required_files in pipeline.toml",
        )
    return files


def listed_by(manifest: Path) -> list[str]:
    """The names that a manifest lists; none if it is not there or not one. Lambda says why."""
    try:
        files = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        return [file["name"] for file in files if "/" not in file["name"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def complete_folder(folder: Path, required: Sequence[str]) -> Path:
    """The folder, if all required files are in it. Raises InputError naming those that are not."""
    present = {file.name for file in files_of(folder, required)}
    missing = [name for name in required if name not in present]
    if missing:
        raise InputError(f"{folder} is incomplete, it lacks {', '.join(missing)}")
    return folder


def upload(stage: Stage, path: Path, dataset: str, report: Report) -> Uploaded:
    """Upload a file, or a folder's required files, to raw_data/<dataset>/ of the stage's bucket.

    Raises InputError, before anything is sent, for a name that a data set or its file cannot have.
    """
    if problem := name_problem(dataset):
        raise InputError(f"{dataset!r} is no data set name: {problem}")
    required = stage.config.data.required_files
    files = files_of(path, required)
    for file in files:
        check_file_name(file.name)
    bucket, prefix = stage.names.bucket, f"{DATASET_PREFIX}{dataset}/"
    s3 = stage.client("s3")
    for file in files:
        key = f"{prefix}{file.name}"
        report.expect(f"Uploading {file.name}", file.stat().st_size)
        with file.open("rb") as content:
            s3.upload_fileobj(content, bucket, key, Config=ONE_PUT, Callback=report.advance)
    present = _present(s3, bucket, prefix)
    return Uploaded(
        uri=f"s3://{bucket}/{prefix}",
        names=[file.name for file in files],
        size=sum(file.stat().st_size for file in files),
        missing=[name for name in required if name not in present],
    )


def check_file_name(name: str) -> None:
    """Raises InputError unless a file of a data set can have that name."""
    if not is_name(name):
        raise InputError(
            f"{name!r} is not a valid file name: expected {NAME_RULE}",
            f"rename the file, and its entry in {MANIFEST}",
        )


def _present(s3: "S3Client", bucket: str, prefix: str) -> set[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {item["Key"].removeprefix(prefix) for page in pages for item in page.get("Contents", [])}
