"""Bucket policies: read here, and held against callers at the gateway, where they are known.

moto holds every caller against them, knows no caller and no condition: a bucket that asks for TLS
would let nobody in.
"""

from typing import Any

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket, s3_backends

from local_aws.iam.policies import Request, Statement, decide, parse
from local_aws.wrapping import replace

POLICY = "a resource-based policy"


def install() -> None:
    """Leave to moto only what it needs a policy for: whether a bucket is public."""
    replace(FakeBucket, get_permission=_public_permission)


def owner_of(bucket: str) -> str | None:
    """Return the account that owns the bucket; None if there is no such bucket."""
    _, account = s3_backends.bucket_accounts.get(bucket, (None, None))
    return account


def bucket_of(request: Request) -> str | None:
    """Return the bucket that a request of S3 is about; None for any other request."""
    if not request.action.startswith("s3:") or ":::" not in request.resource:
        return None
    return request.resource.partition(":::")[2].partition("/")[0]


def statements_for(request: Request, partition: str) -> tuple[Statement, ...]:
    """Return the statements of the bucket that a request of S3 is about, whoever owns it."""
    name = bucket_of(request)
    owner = owner_of(name) if name else None
    if name is None or owner is None:
        return ()
    return _statements(s3_backends[owner][partition].buckets[name].policy)


def _statements(policy: Any) -> tuple[Statement, ...]:
    if not policy:
        return ()
    return parse(POLICY, policy.decode() if isinstance(policy, bytes) else str(policy))


def _public_permission(self: FakeBucket, action: str, resource: str) -> PermissionResult:
    public = decide(_statements(self.policy), Request(action, resource)).allowed
    return PermissionResult.PERMITTED if public else PermissionResult.NEUTRAL
