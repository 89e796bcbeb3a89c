"""The embedded AWS's faults, as a test asks for them."""

import json
from typing import Any

from local_aws.client import EmbeddedAws
from tests.support.asking import ask


class Faults:
    """The rules of one server."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self._aws = aws

    def set(self, *rules: dict[str, Any]) -> None:
        """Replace all rules."""
        self.send("PUT", json.dumps(rules).encode())

    def clear(self) -> None:
        """Let nothing fail any more."""
        self.send("DELETE")

    def rules(self) -> list[dict[str, Any]]:
        """Return the rules with what they did."""
        found: list[dict[str, Any]] = self.send("GET")
        return found

    def send(self, method: str, body: bytes | None = None) -> Any:
        return json.loads(ask(self._aws, "/moto-api/faults", body, method))
