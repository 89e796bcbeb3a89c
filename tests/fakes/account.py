"""Stand-ins for what the console talks to."""

from types import SimpleNamespace
from typing import Any


class FakeAccount:
    """An account of prepared services."""

    def __init__(self, *, read_only: bool = False, **services: Any) -> None:
        self.read_only = read_only
        self.stage = SimpleNamespace(
            names=SimpleNamespace(bucket="bucket", state_machine_arn="arn")
        )
        self._services = services

    def client(self, service: str) -> Any:
        return self._services[service]

    def caller(self) -> str:
        return "user/ann"
