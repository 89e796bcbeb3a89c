"""Data sets as they stand in the bucket: which object versions they are, and which are missing.

A data set is a folder below the prefix that uploads go to, ``raw_data/<dataset>/<file>``. When the
current versions of its files make it complete is said in ``completeness.py``.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.boundary import archives
from lambdas.boundary.s3_objects import GONE, error_code, this_version
from lambdas.boundary.text import units
from lambdas.data_sets import manifest
from lambdas.data_sets.completeness import Verdict, judge
from lambdas.data_sets.manifest import same_name
from lambdas.errors import (
    DataSetChangedError,
    IncompleteDataSetError,
    ManifestError,
    NoCompleteDataSetError,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# One path segment on one line: no slash, no "." or "..", no control, line or surrogate character.
# ``name_problem`` asks for more, which no pattern can say.
DATASET_NAME = r"^(?!\.{1,2}$)[^/\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,200}$"

LONGEST_NAME = 200  # as AWS counts, because the name is a variable of the jobs, of at most 256


def name_problem(name: str) -> str:
    """Say what is expected of a data set's name, in one line; empty where ``name`` is one.

    A name reaches the registry and the tracking server, which take no format characters, such as
    the zero-width joiner of an emoji: it has to be printable, as the names of files have to be.
    """
    if not re.fullmatch(DATASET_NAME, name):
        return "expected 1 to 200 characters on one line, without '/'"
    if not name.isprintable():
        return "expected printable characters only"
    if units(name) > LONGEST_NAME:
        return f"expected at most {LONGEST_NAME} characters, of which an emoji counts as two"
    return ""


UNVERSIONED = "null"  # the version id of all objects of a bucket without versioning


@dataclass(frozen=True, order=True)
class ObjectVersion:
    """One object as it was at one time. Unversioned buckets give ``version_id`` "null"."""

    key: str
    version_id: str
    etag: str  # without quotes; no MD5 where the upload was multipart
    size: int  # bytes

    @property
    def file(self) -> str:
        """The file's name, the last part of the key."""
        return self.key.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class DataSet:
    """The current versions of a data set's files, and what keeps it from being complete."""

    name: str
    s3_uri: str  # s3://<bucket>/raw_data/<name>/
    objects: tuple[ObjectVersion, ...]  # sorted by key
    missing: tuple[str, ...]  # names of files that are not there
    problems: tuple[str, ...] = ()  # what else is wrong, one line each
    files: tuple[str, ...] = ()  # names that make it complete; empty where that cannot be known
    replaces: bool = False  # a file of it has, or may have, taken the place of an older one
    changed: datetime | None = None  # when something in its folder was written or deleted last

    @property
    def fingerprint(self) -> str:
        """sha256 hex over the sorted (key, version_id, etag, size): the data's identity."""
        rows = [[o.key, o.version_id, o.etag, o.size] for o in sorted(self.objects)]
        return hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()

    @property
    def incomplete(self) -> str:
        """Why the data set is incomplete, in one line; empty where it is complete."""
        return Verdict(self.files, self.missing, self.problems).incomplete

    def includes(self, file: str) -> bool:
        """Tell whether a file of that name has a part in this data set.

        A manifest has one wherever it lies or lay: without it the required files count again.
        """
        names = {same_name(name) for name in (*self.files, manifest.FILE_NAME)}
        return not self.files or same_name(file) in names

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

    @classmethod
    def of(cls, s3: "S3Client", defaults: Mapping[str, Any]) -> "DataSets":
        """Return those of a deployment, by the ``defaults`` that its executions are given."""
        files = tuple(defaults["required_files"])
        return cls(s3, defaults["bucket"], defaults["dataset_prefix"], files)

    def place(self, key: str) -> tuple[str, str] | None:
        """Return (data set, file name) of an object key, None where it is not of that form."""
        dataset, slash, file = key.removeprefix(self.prefix).partition("/")
        direct = key.startswith(self.prefix) and slash and file and "/" not in file
        return (dataset, file) if direct and not name_problem(dataset) else None

    def find(self, name: str) -> DataSet:
        """Return the data set as it is now; deleted files are missing.

        A manifest that cannot be used makes the data set incomplete, with the reason.
        """
        folder = f"{self.prefix}{name}/"
        uri = f"s3://{self.bucket}/{folder}"
        current, replaced, changed = self._versions(folder)
        listed: tuple[manifest.ListedFile, ...] = ()
        if manifest_version := current.get(manifest.FILE_NAME):
            try:
                listed = self._read_manifest(manifest_version)
            except ManifestError as error:
                problems = (str(error),)
                return DataSet(name, uri, (manifest_version,), (), problems, changed=changed)
        sizes = {file: version.size for file, version in current.items()}
        verdict = judge(sizes, self.required_files, listed)
        return DataSet(
            name,
            uri,
            objects=tuple(sorted(current[file] for file in verdict.files if file in current)),
            missing=verdict.missing,
            problems=verdict.problems,
            files=verdict.files,
            replaces=not set(map(same_name, replaced)).isdisjoint(map(same_name, verdict.files)),
            changed=changed,
        )

    def newest(self) -> DataSet:
        """Return the complete data set that was written to last.

        One listing tells of all; only those that may be complete are looked at closer.

        Raises NoCompleteDataSetError.
        """
        written = self._write_times()
        by_last_write = sorted(written, key=lambda name: (max(written[name].values()), name))
        newest: tuple[datetime, str, DataSet] | None = None
        for name in reversed(by_last_write):
            if not self._may_be_complete(written[name]):
                continue
            if newest and max(written[name].values()) < newest[0]:
                break  # no data set from here on can have been written to later
            dataset = self.find(name)
            if not dataset.incomplete:
                times = [written[name][file] for file in dataset.files if file in written[name]]
                last = max(times, default=max(written[name].values()))
                newest = max(filter(None, (newest, (last, name, dataset))))
        if newest is None:
            raise NoCompleteDataSetError(
                f"s3://{self.bucket}/{self.prefix} has no complete data set; upload "
                f"{', '.join(self.required_files)} to {self.prefix}<dataset>/"
            )
        return newest[-1]

    def now(self, name: str | None) -> DataSet:
        """Return the named data set as it is now, the newest complete one where no name is given.

        Raises NoCompleteDataSetError.
        """
        return self.newest() if name is None else self.find(name)

    def choose(self, name: str | None, fingerprint: str | None) -> DataSet:
        """Return what ``now`` does if it can be trained on.

        Raises IncompleteDataSetError saying what is missing, DataSetChangedError where
        ``fingerprint`` is given and no longer matches, and NoCompleteDataSetError.
        """
        dataset = self.now(name)
        if dataset.incomplete:
            raise IncompleteDataSetError(
                f"data set {dataset.name!r} is incomplete: {dataset.incomplete}; upload what is "
                f"missing or wrong to {dataset.s3_uri!r}"
            )
        if fingerprint is not None and fingerprint != dataset.fingerprint:
            raise DataSetChangedError(
                f"data set {dataset.name!r} has fingerprint {dataset.fingerprint}, expected "
                f"{fingerprint}: its files were replaced since; start again without a fingerprint"
            )
        return dataset

    def _versions(self, folder: str) -> tuple[dict[str, ObjectVersion], set[str], datetime | None]:
        """Return what lies directly in the folder, by file name, and the names that are not new.

        Without versioning nobody can tell which are: then none is new. The time is that of the last
        version or delete marker; versions that were removed for good leave none.
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
        """
        pages = self.s3.get_paginator("list_object_versions").paginate(
            Bucket=self.bucket, Prefix=folder, Delimiter="/"
        )
        current, replaced, times = {}, set(), []
        for page in pages:
            times += [v["LastModified"] for v in page.get("Versions", ())]
            times += [marker["LastModified"] for marker in page.get("DeleteMarkers", ())]
            for v in page.get("Versions", ()):
                version = ObjectVersion(v["Key"], v["VersionId"], v["ETag"].strip('"'), v["Size"])
                if v["IsLatest"]:
                    current[version.file] = version
                if not v["IsLatest"] or version.version_id == UNVERSIONED:
                    replaced.add(version.file)
        return current, replaced, max(times, default=None)

    def _may_be_complete(self, files: Iterable[str]) -> bool:
        """Tell whether a data set of these files may be complete; a manifest asks for another."""
        names = {same_name(file) for file in files}
        if manifest.FILE_NAME in names:
            return len(names) > 1
        return names.issuperset(map(same_name, self.required_files))

    def _read_manifest(self, version: ObjectVersion) -> tuple[manifest.ListedFile, ...]:
        """Read exactly that version of a manifest, so that fingerprint and content agree."""
        pin = this_version(version.version_id)
        try:
            found = self.s3.get_object(
                Bucket=self.bucket, Key=version.key, IfMatch=f'"{version.etag}"', **pin
            )
        except ClientError as error:
            if error_code(error) in archives.REFUSALS:
                why = archives.refusal(self.s3, self.bucket, version.key, version.version_id)
                raise ManifestError(why) from error
            if error_code(error) not in GONE:
                raise
            raise ManifestError(f"{version.file} was replaced while it was read") from error
        return manifest.read(found["Body"])

    def _write_times(self) -> Mapping[str, Mapping[str, datetime]]:
        """Return, by data set and file, when the current version was written."""
        times: dict[str, dict[str, datetime]] = defaultdict(dict)
        pages = self.s3.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix
        )
        for item in (item for page in pages for item in page.get("Contents", ())):
            if place := self.place(item["Key"]):
                dataset, file = place
                times[dataset][file] = item["LastModified"]
        return times
