"""What the console talks to: a deployed stage, and whether it may change anything there."""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from cli.aws import Stage
from console.guard import LOOPBACK


@dataclass(frozen=True)
class Account:
    """A stage and how it is shown. With `read_only` nothing is changed, whoever asks."""

    stage: Stage
    read_only: bool

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
