"""How work that takes time says what it does, to whoever shows it."""

from typing import Protocol


class Report(Protocol):
    """How a piece of work says what it is doing. The command line's `Step` is the real one."""

    def say(self, text: str) -> None:
        """Say what is being done now."""

    def warn(self, text: str) -> None:
        """Say what went wrong without ending the work."""

    def expect(self, text: str, size: int | None) -> None:
        """Say that `size` bytes are going to be moved; None if that is not known."""

    def advance(self, moved: int) -> None:
        """Count `moved` more bytes."""
