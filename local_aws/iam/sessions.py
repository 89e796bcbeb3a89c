"""Temporary credentials of roles: those that services act with, and those that sts gave away.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp.html

A service's credentials are known as long as the service holds its session, and the last 1,000 in
any case; they end with the server, as the processes do that have them. What sts.assume_role gave
is kept with moto's other state.
"""

import base64
import secrets
import string
import threading
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from weakref import WeakValueDictionary

from moto.core import DEFAULT_ACCOUNT_ID
from moto.sts.models import AssumedRole, STSBackend, sts_backends

from local_aws import arns
from local_aws.wrapping import Original, wrap

_PREFIX = "ASIA"  # of temporary keys; a user's own begin with AKIA
_ALPHABET = string.ascii_uppercase + "234567"

RECENT = 1000

_known: "WeakValueDictionary[str, Session]" = WeakValueDictionary()
_recent: "deque[Session]" = deque(maxlen=RECENT)
_lock = threading.Lock()


@dataclass(frozen=True)
class Session:
    """A role at work under the name `name`; the secrets are in no representation of it."""

    role_arn: str
    name: str
    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    policy: str = field(default="", repr=False)  # the session's own, by which it may do less
    expiration: datetime | None = None

    @property
    def account(self) -> str:
        """The role's account."""
        return arns.parse(self.role_arn).account

    @property
    def partition(self) -> str:
        """The role's partition, `aws` mostly."""
        return arns.parse(self.role_arn).partition

    @property
    def arn(self) -> str:
        """Who acts, as sts and the texts of errors name it."""
        role = self.role_arn.rpartition("/")[2]
        return f"arn:{self.partition}:sts::{self.account}:assumed-role/{role}/{self.name}"

    @property
    def principal_arn(self) -> str:
        """Who acts, as policies name it."""
        return self.role_arn

    @property
    def principal_type(self) -> str:
        """What kind of principal it is."""
        return "AssumedRole"

    @property
    def expired(self) -> bool:
        """Tell whether the credentials are too old."""
        return self.expiration is not None and self.expiration < datetime.now(UTC)

    def variables(self) -> dict[str, str]:
        """Return the variables by which AWS's SDKs find the credentials."""
        return {
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_SESSION_TOKEN": self.token,
        }


@dataclass(frozen=True)
class Administrator:
    """The holder of the folder's key, as moto's GetCallerIdentity names them."""

    account: str = DEFAULT_ACCOUNT_ID
    partition: str = "aws"
    principal_type: str = "User"

    @property
    def arn(self) -> str:
        """Who acts, as sts and the texts of errors name it."""
        return f"arn:{self.partition}:sts::{self.account}:user/moto"

    @property
    def principal_arn(self) -> str:
        """Who acts, as policies name it."""
        return self.arn


def install() -> None:
    """Let GetCallerIdentity know the credentials that are given away here."""
    wrap(STSBackend, "get_assumed_role_from_access_key", _find_for_moto)


def issue(role_arn: str, name: str) -> Session:
    """Return new credentials of the role; they are good while the caller holds them."""
    session = Session(
        role_arn=role_arn,
        name=name,
        access_key=_PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(16)),
        secret_key=secrets.token_urlsafe(30),
        token=base64.b64encode(secrets.token_bytes(192)).decode(),
    )
    return _remember(session)


def find(access_key: str) -> Session | None:
    """Return the session that has the key; None for one that is no role's."""
    if not access_key.startswith(_PREFIX):
        return None
    found = _known.get(access_key)
    if found is None:
        assumed = _assumed(access_key)
        found = _remember(_session_of(assumed)) if assumed is not None else None
    return found


def _remember(session: Session) -> Session:
    with _lock:
        _known[session.access_key] = session
        _recent.append(session)
    return session


def _assumed(access_key: str) -> AssumedRole | None:
    for regions in list(sts_backends.values()):
        for backend in list(regions.values()):
            role = backend.get_assumed_role_from_access_key(access_key)
            if isinstance(role, AssumedRole):
                return role
    return None


def _session_of(role: AssumedRole) -> Session:
    return Session(
        role_arn=role.role_arn,
        name=role.session_name,
        access_key=role.access_key_id,
        secret_key=role.secret_access_key,
        token=role.session_token,
        policy=role.policy or "",
        expiration=role.expiration.replace(tzinfo=UTC),
    )


def _find_for_moto(
    original: Original, self: STSBackend, access_key_id: str
) -> "AssumedRole | _Identity | None":
    return original(self, access_key_id) or _identity(_known.get(access_key_id))


@dataclass(frozen=True)
class _Identity:
    """What GetCallerIdentity tells of a session."""

    user_id: str
    arn: str
    account_id: str


def _identity(session: Session | None) -> _Identity | None:
    if session is None:
        return None
    return _Identity(f"AROA{session.access_key[4:]}:{session.name}", session.arn, session.account)
