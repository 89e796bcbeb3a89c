"""The null version of a key: the one that is written while versioning is not enabled.

What this restores of AWS's behaviour, where moto 5.2 differs:

- Where versioning is suspended, writing a key replaces its null version and no other. moto throws
  all versions away.
- A deletion there replaces the null version with a delete marker whose id is `null`; one that
  names a version removes that version alone. moto removes all versions.
- Old versions can be read there; HEAD of moto's answers 400.
- Deleting a key that is not there puts a delete marker, where versions are kept.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/VersionSuspendedBehavior.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
"""

from dataclasses import dataclass
from typing import Any

from moto.s3.exceptions import VersioningNotEnabledForReplication
from moto.s3.models import FakeBucket, FakeDeleteMarker, FakeKey, S3Backend, s3_backends
from moto.utilities.utils import get_partition

from local_aws.s3.store import NULL
from local_aws.s3.versioning import ENABLED, SUSPENDED
from local_aws.wrapping import Original, replace, wrap


@dataclass(frozen=True)
class Absent:
    """What a delete marker stands for where the key never was."""

    name: str


def install() -> None:
    """Keep the versions of a bucket whose versioning is suspended."""
    wrap(FakeKey, "__init__", _new_key)
    wrap(S3Backend, "put_bucket_replication", _put_replication)
    replace(S3Backend, _set_delete_marker=_set_delete_marker)


def _new_key(original: Original, key: FakeKey, *arguments: Any, **options: Any) -> None:
    if options.get("is_versioned"):  # so moto makes an object, and not a part of an upload
        backend = s3_backends[options["account_id"]][get_partition(options["region_name"])]
        if _is_suspended(backend.get_bucket(options["bucket_name"])):
            options["version_id"] = NULL
    original(key, *arguments, **options)


def _set_delete_marker(backend: S3Backend, bucket_name: str, key_name: str) -> FakeDeleteMarker:
    bucket = backend.get_bucket(bucket_name)
    marked: Any = bucket.keys.get(key_name) or Absent(key_name)
    marker = FakeDeleteMarker(marked)
    if _is_suspended(bucket):
        marker._version_id = NULL
    bucket.keys[key_name] = marker
    return marker


def _put_replication(
    original: Original, backend: S3Backend, bucket_name: str, replication: dict[str, Any]
) -> None:
    if backend.get_bucket(bucket_name).versioning_status != ENABLED:
        raise VersioningNotEnabledForReplication(bucket_name=bucket_name)
    original(backend, bucket_name, replication)


def _is_suspended(bucket: FakeBucket) -> bool:
    return bucket.versioning_status == SUSPENDED
