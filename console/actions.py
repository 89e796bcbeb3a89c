"""Everything by which the console changes something: one place, so that one switch holds it all."""

from typing import Any

from cli.start import Answer
from console import execution_actions
from console.account import Account


class ReadOnlyError(Exception):
    """The console was opened read-only."""


class Actions:
    """What a person may do to the account. Every method that changes something checks first."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def check(self) -> None:
        """Raises ReadOnlyError where the console only shows."""
        if self._account.read_only:
            raise ReadOnlyError("This console is read-only: open it without --read-only to change")

    def stop(self, execution_arn: str, reason: str) -> None:
        """Stop an execution."""
        self.check()
        execution_actions.stop(self._account, execution_arn, reason)

    def redrive(self, execution_arn: str) -> int:
        """Resume an execution where it failed; return how often it has been resumed."""
        self.check()
        return execution_actions.resume(self._account, execution_arn)

    def start_again(self, asked: dict[str, Any], reason: str, *, force: bool) -> Answer:
        """Start another execution with the inputs that an earlier one had."""
        self.check()
        return execution_actions.start_again(self._account, asked, reason, force=force)
