"""Data sets as they stand in the bucket: which object versions they are, and which are missing.

A data set is a folder below the prefix that uploads go to, ``raw_data/<dataset>/<file>``. It is
complete when every required file has a current version.
"""

import hashlib
import json
import re
from collections import defaultdict
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lambdas.errors import DataSetChangedError, IncompleteDataSetError, NoCompleteDataSetError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# One path segment on one line: no slash, no "." or "..", no control, line or surrogate character.
DATASET_NAME = r"^(?!\.{1,2}$)[^/\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,200}$"


@dataclass(frozen=True, order=True)
class ObjectVersion:
    """One object as it was at one time. Unversioned buckets give ``version_id`` "null"."""

    key: str
    version_id: str
    etag: str  # without quotes; no MD5 where the upload was multipart
    size: int  # bytes


@dataclass(frozen=True)
class DataSet:
    """The current versions of a data set's required files, and the names of those missing."""

    name: str
    s3_uri: str  # s3://<bucket>/raw_data/<name>/
    objects: tuple[ObjectVersion, ...]  # sorted by key
    missing: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """sha256 hex over the sorted (key, version_id, etag, size): the data's identity."""
        rows = [[o.key, o.version_id, o.etag, o.size] for o in sorted(self.objects)]
        return hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()

    def as_state(self) -> dict[str, Any]:
        """Return the ``dataset`` part of the state machine's state."""
        return {
            "name": self.name,
            "s3_uri": self.s3_uri,
            "fingerprint": self.fingerprint,
            "objects": [asdict(version) for version in self.objects],
        }


@dataclass(frozen=True)
class DataSets:
    """The data sets below one prefix of one bucket."""

    s3: "S3Client"
    bucket: str
    prefix: str
    required_files: tuple[str, ...]

    def place(self, key: str) -> tuple[str, str] | None:
        """Return (data set, file name) of an object key, None where it is not of that form."""
        dataset, slash, file = key.removeprefix(self.prefix).partition("/")
        direct = key.startswith(self.prefix) and slash and file and "/" not in file
        return (dataset, file) if direct and re.search(DATASET_NAME, dataset) else None

    def find(self, name: str) -> DataSet:
        """List the current versions of the data set's required files; deleted ones are missing.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
        """
        folder = f"{self.prefix}{name}/"
        wanted = {folder + file: file for file in self.required_files}
        pages = self.s3.get_paginator("list_object_versions").paginate(
            Bucket=self.bucket, Prefix=folder, Delimiter="/"
        )
        objects = sorted(
            ObjectVersion(v["Key"], v["VersionId"], v["ETag"].strip('"'), v["Size"])
            for page in pages
            for v in page.get("Versions", ())
            if v["IsLatest"] and v["Key"] in wanted
        )
        present = {version.key for version in objects}
        missing = tuple(file for key, file in wanted.items() if key not in present)
        return DataSet(name, f"s3://{self.bucket}/{folder}", tuple(objects), missing)

    def newest(self) -> str:
        """Return the name of the complete data set that was written to last.

        Raises NoCompleteDataSetError.
        """
        complete = {
            name: max(times.values())
            for name, times in self._write_times().items()
            if len(times) == len(self.required_files)
        }
        if not complete:
            raise NoCompleteDataSetError(
                f"s3://{self.bucket}/{self.prefix} has no complete data set; upload "
                f"{', '.join(self.required_files)} to {self.prefix}<dataset>/"
            )
        return max(complete, key=lambda name: (complete[name], name))

    def choose(self, name: str | None, fingerprint: str | None) -> DataSet:
        """Return the named data set, or the newest complete one where no name is given.

        Raises IncompleteDataSetError listing the missing files, DataSetChangedError where
        ``fingerprint`` is given and no longer matches, and NoCompleteDataSetError.
        """
        dataset = self.find(self.newest() if name is None else name)
        if dataset.missing:
            raise IncompleteDataSetError(
                f"data set {dataset.name!r} is incomplete: {', '.join(dataset.missing)} missing "
                f"from {dataset.s3_uri!r}; upload what is missing"
            )
        if fingerprint is not None and fingerprint != dataset.fingerprint:
            raise DataSetChangedError(
                f"data set {dataset.name!r} has fingerprint {dataset.fingerprint}, expected "
                f"{fingerprint}: its files were replaced since; start again without a fingerprint"
            )
        return dataset

    def _write_times(self) -> dict[str, dict[str, datetime]]:
        """Return, by data set and required file, when the current version was written."""
        times: dict[str, dict[str, datetime]] = defaultdict(dict)
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix
        )
        for item in (item for page in pages for item in page.get("Contents", ())):
            dataset, file = self.place(item["Key"]) or ("", "")
            if file in self.required_files:
                times[dataset][file] = item["LastModified"]
        return times
