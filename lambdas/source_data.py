"""A run's own copy of its data: exactly the object versions that its fingerprint names.

SageMaker downloads what lies under a prefix at the time when the job starts, which may be hours
after the run was planned. Uploads go on meanwhile, so the job reads from a folder of the run.
"""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.datasets import DataSet, ObjectVersion
from lambdas.errors import DataSetChangedError
from lambdas.s3_objects import COPY, GONE, error_code, split_uri, this_version

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def copy_source_data(s3: "S3Client", dataset: DataSet, folder_uri: str) -> str:
    """Copy the data set's object versions below ``folder_uri`` and return the copies' prefix.

    The prefix is named by the fingerprint: a repeated call writes the same bytes to the same keys,
    and one that has chosen newer data meanwhile writes somewhere else. So nothing is ever mixed,
    even if both calls run at once.

    Raises DataSetChangedError where a version is gone.
    """
    prefix_uri = f"{folder_uri}/{dataset.fingerprint}/"
    bucket, _ = split_uri(dataset.s3_uri)
    for version in dataset.objects:
        try:
            _copy(s3, bucket, version, prefix_uri + version.file)
        except ClientError as error:
            if error_code(error) not in GONE:
                raise
            raise DataSetChangedError(
                f"version {version.version_id} of s3://{bucket}/{version.key} with ETag "
                f"{version.etag} is gone: it was deleted or replaced while the run was prepared; "
                "start again without a fingerprint"
            ) from error
    return prefix_uri


def _copy(s3: "S3Client", bucket: str, version: ObjectVersion, target_uri: str) -> None:
    target_bucket, target_key = split_uri(target_uri)
    s3.copy(
        {"Bucket": bucket, "Key": version.key, **this_version(version.version_id)},  # type: ignore[typeddict-item]
        target_bucket,
        target_key,
        # The ETag holds the content fast where there are no versions. Tags stay behind: copying
        # them would need permissions that nothing else here does.
        ExtraArgs={"CopySourceIfMatch": f'"{version.etag}"', "TaggingDirective": "REPLACE"},
        Config=COPY,
    )
