"""The session that the SageMaker SDK is given while it renders.

Left to itself the SDK looks for credentials, on the network too, and merges the machine's own
sagemaker defaults into what it renders: two machines would render two definitions.
"""

import functools
from collections.abc import Iterator
from contextlib import contextmanager

import boto3

from state_machine.sdk import sdk


@functools.cache
def rendering_session(region: str, bucket: str) -> "sdk.sagemaker.Session":
    """A session that calls nothing: without real credentials, and without defaults."""
    session = sdk.sagemaker.Session(
        boto_session=_without_credentials(region),
        default_bucket=bucket,
        sagemaker_config={"SchemaVersion": "1.0"},
    )
    session.sagemaker_config = {}  # the SDK would check it against its schema at every look-up
    return session


@contextmanager
def without_default_session(region: str) -> Iterator[None]:
    """Keep boto3's default session out of the way: an estimator builds a client of its own."""
    before = boto3.DEFAULT_SESSION
    boto3.DEFAULT_SESSION = _without_credentials(region)
    try:
        yield
    finally:
        boto3.DEFAULT_SESSION = before


def _without_credentials(region: str) -> boto3.Session:
    return boto3.Session(
        aws_access_key_id="rendering",
        aws_secret_access_key="rendering",  # noqa: S106 (stands for none, so that none is sought)
        region_name=region,
    )
