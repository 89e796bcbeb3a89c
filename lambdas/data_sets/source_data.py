"""A run's own copy of its data: exactly the object versions that its fingerprint names.

SageMaker downloads what lies under a prefix at the time when the job starts, which may be hours
after the run was planned. Uploads go on meanwhile, so the job reads from a folder of the run.

Where several instances preprocess, the copy is two folders: ``replicated/``, for all of them, and
``sharded/``, whose objects SageMaker deals out among them.
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from lambdas.boundary.s3_objects import split_uri
from lambdas.data_sets.copies import Copier
from lambdas.data_sets.data_sets import DataSet
from lambdas.errors import ShardingError


def copy_source_data(
    copier: Copier, dataset: DataSet, folder_uri: str, sharding: Mapping[str, Any]
) -> str:
    """Copy the data set's object versions below ``folder_uri`` and return the copies' prefix.

    ``sharding`` says how many instances read them, its ``instance_count``, and which files all of
    them need, its ``replicated_files``: patterns as of ``fnmatch``.

    The prefix is named by the fingerprint: a repeated call goes on where the one before ended, and
    one that has chosen newer data meanwhile writes somewhere else. So nothing is ever mixed, even
    if both calls run at once.

    Raises DataSetChangedError where a version is gone, ArchivedDataError where one has to be
    restored, UnfinishedCopyError where the time of the call does not suffice, and ShardingError.
    """
    check_shares((version.file for version in dataset.objects), sharding)
    prefix_uri = f"{folder_uri}/{dataset.fingerprint}/"
    bucket, _ = split_uri(dataset.s3_uri)
    versions = {place(version.file, sharding): version for version in dataset.objects}
    copier.copy(bucket, versions, prefix_uri)
    return prefix_uri


def place(file: str, sharding: Mapping[str, Any]) -> str:
    """Return where below the copies' prefix a file of that name lies."""
    if sharding["instance_count"] == 1:
        return file
    shared = any(fnmatchcase(file, pattern) for pattern in sharding["replicated_files"])
    return f"{'replicated' if shared else 'sharded'}/{file}"


def check_shares(files: Iterable[str], sharding: Mapping[str, Any]) -> None:
    """Raise ShardingError where an instance would get no share, or a prefix no object.

    An instance without data is paid for all the same, and an input without an object fails the job:
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3DataSource.html
    """
    count = sharding["instance_count"]
    if count == 1:
        return
    files = sorted(files)
    shares = [file for file in files if place(file, sharding).startswith("sharded/")]
    if len(shares) < count or len(shares) == len(files):
        raise ShardingError(
            f"[preprocessing] instance_count = {count} needs {count} files or more to be shared "
            f"out, and one or more that replicated_files matches; found {len(shares)} to be shared "
            f"out of {len(files)} files, {', '.join(files)}; upload shards, or deploy with "
            "instance_count = 1"
        )
