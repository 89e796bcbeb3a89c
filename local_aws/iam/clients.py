"""boto3 clients with which a service acts as a role."""

import threading
from typing import Any

import boto3
from botocore.config import Config

from local_aws.iam.sessions import Session

_creating = threading.Lock()


def client(service: str, session: Session, endpoint: str, region: str, config: Config) -> Any:
    """Return a client of the service, by its name in boto3, that acts as the role."""
    with _creating:  # boto3's default session is not for several threads at once
        return boto3.client(  # type: ignore[call-overload]
            service,
            region_name=region,
            endpoint_url=endpoint,
            config=config,
            aws_access_key_id=session.access_key,
            aws_secret_access_key=session.secret_key,
            aws_session_token=session.token,
        )
