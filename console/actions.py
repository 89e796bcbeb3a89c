"""Everything by which the console changes something: one place, so that one switch holds it all."""

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
