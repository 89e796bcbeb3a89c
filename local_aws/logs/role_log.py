"""CloudWatch Logs, written with the rights of a role: what it may not write is left out.

https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html#monitoring-cloudwatchlogs-prereqs
"""

import threading
from collections.abc import Iterable
from typing import Any

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import logs_backends

from local_aws.iam.authorization import allows
from local_aws.iam.sessions import Session

_creation = threading.Lock()


class RoleLog:
    """One log stream, which is created, and its group too, when the first event comes.

    A service tries to create a group only if it is not there. `also` are further actions, on the
    group, that it needs before it writes. After a refusal nothing more is tried until `retry`.
    """

    def __init__(
        self, session: Session, region: str, group: str, stream: str, also: Iterable[str] = ()
    ) -> None:
        self._backend = logs_backends[session.account][region]
        self._session = session
        self._group = group
        self._stream = stream
        self._also = tuple(also)
        self._arn = (
            f"arn:{session.partition}:logs:{region}:{session.account}:log-group:{group}:log-stream:"
        )
        self._refused = False
        self._created = False

    def put(self, events: list[dict[str, Any]]) -> None:
        """Write the events, if the role may."""
        if not events or self._refused:
            return
        self._created = self._created or self._create()
        if not self._created or not self._may("PutLogEvents", self._stream):
            self._refused = True
            return
        try:
            self._backend.put_log_events(self._group, self._stream, events)
        except ResourceNotFoundException:  # somebody deleted it meanwhile
            if self._create():
                self._backend.put_log_events(self._group, self._stream, events)

    def retry(self) -> None:
        """Ask again for what was refused: somebody may have granted it."""
        self._refused = False

    def _create(self) -> bool:
        with _creation:  # two streams of one group would each create it
            if self._group not in self._backend.groups:
                if not self._may("CreateLogGroup"):
                    return False
                self._backend.ensure_log_group(self._group)
            if not all(self._may(action) for action in self._also):
                return False
            if not self._may("CreateLogStream", self._stream):
                return False
            self._backend.ensure_log_stream(self._group, self._stream)
        return True

    def _may(self, action: str, stream: str = "") -> bool:
        return allows(self._session, f"logs:{action}", self._arn + stream)
