"""What the console talks to: a deployed stage, and whether it may change anything there."""

import os
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from console.guard import LOOPBACK
from operations.models.registry import caller
from operations.stage import Stage

if TYPE_CHECKING:
    from botocore.config import Config
    from botocore.model import OperationModel

# How the operations of AWS are named that change nothing. SQS's ReceiveMessage is none of them: it
# hides what it gives, and counts.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
READING = ("Describe", "Get", "Head", "List")
READ_ONLY = "This console is read-only: open it without --read-only to change"


class ReadOnlyError(Exception):
    """The console was opened read-only."""


@dataclass(frozen=True)
class Account:
    """A stage and how it is shown. With `read_only` nothing is changed, whoever asks."""

    stage: Stage
    read_only: bool
    _clients: dict[tuple[str, "Config | None"], Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _making: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    def client(self, service: str, config: "Config | None" = None) -> Any:
        """The one boto3 client of `service`: clients may be shared by threads, sessions may not.

        With `read_only` it sends nothing but what reads, and raises ReadOnlyError for the rest.
        https://boto3.amazonaws.com/v1/documentation/api/latest/guide/session.html
        """
        with self._making:
            if (service, config) not in self._clients:
                self._clients[service, config] = self._made(service, config)
            return self._clients[service, config]

    def _made(self, service: str, config: "Config | None") -> Any:
        made = self.stage.client(service, config)
        if self.read_only:
            made.meta.events.register("before-call", refuse_changes)
        return made

    def caller(self) -> str:
        """Whose credentials these are, for example `user/ann`."""
        return caller(self.client("sts").get_caller_identity()["Arn"])

    @property
    def embedded(self) -> bool:
        """Whether AWS_ENDPOINT_URL names a server on this machine."""
        return urlsplit(os.environ.get("AWS_ENDPOINT_URL", "")).hostname in LOOPBACK

    @property
    def title(self) -> str:
        """Where it all is, in few words."""
        names = self.stage.names
        if self.embedded:
            return f"embedded AWS, stage {names.stage}"
        return f"account {names.account}, {names.region}, stage {names.stage}"


def refuse_changes(model: "OperationModel", **_: Any) -> None:
    """Raise ReadOnlyError before a client sends a call that may change something."""
    if not model.name.startswith(READING):
        raise ReadOnlyError(READ_ONLY)
