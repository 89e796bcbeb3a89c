"""Whether a bucket keeps versions: from when its versioning was enabled and has taken effect.

Until then its objects get the version id `null`, as in a bucket without versioning. AWS speaks of
intermittent 404s, and advises to wait for 15 minutes; the ids are what we believe. A bucket whose
versioning is suspended keeps versions too: see `null_version`.
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketVersioning.html
"""

from moto.s3.models import FakeBucket, S3Backend

from local_aws.requests import eventual
from local_aws.requests.past import Past
from local_aws.wrapping import Original, replace, wrap

ENABLED, SUSPENDED = "Enabled", "Suspended"

_statuses: Past[str, str] = Past()  # by the bucket's name; none is "", one that never had any


def install() -> None:
    """Let objects be versioned as soon as versioning is in effect."""
    wrap(S3Backend, "put_bucket_versioning", _put)
    wrap(S3Backend, "delete_bucket", _delete)
    replace(FakeBucket, is_versioned=property(_is_versioned))


def _put(original: Original, backend: S3Backend, bucket_name: str, status: str) -> None:
    before = backend.get_bucket(bucket_name).versioning_status or ""
    original(backend, bucket_name, status)
    late = 0.0 if before else eventual.seconds("propagation")  # AWS says it of the first time
    _statuses.note(bucket_name, before, status, late=late)


def _delete(original: Original, backend: S3Backend, bucket_name: str) -> object:
    answer: object = original(backend, bucket_name)
    _statuses.note(bucket_name, "", "")
    return answer


def _is_versioned(bucket: FakeBucket) -> bool:
    return bool(_statuses.in_effect(bucket.name, bucket.versioning_status))
