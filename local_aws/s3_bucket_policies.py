"""Bucket policies, which moto takes for a refusal wherever a condition does not hold.

The Deny of `aws:SecureTransport: false` would lock out everybody: the embedded AWS speaks plain
HTTP, on loopback, and stands for an AWS that is spoken to by TLS.
"""

from moto.iam.access_control import PermissionResult
from moto.s3.models import FakeBucket

from local_aws.server import Context


def install(context: Context) -> None:  # noqa: ARG001 (every extension is given the context)
    """Leave bucket policies to be read, and not to be enforced."""
    FakeBucket.get_permission = lambda *_: PermissionResult.NEUTRAL  # type: ignore[method-assign]
