"""Everything by which the console changes something: one place, so that one switch holds it all."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from console.account import READ_ONLY, Account, ReadOnlyError
from console.executions import changes
from console.models import decisions
from console.starting import uploads
from operations.executions import start as starting
from operations.executions.start import Answer
from operations.failed_events import queue as events
from operations.failed_events.queue import FailedEvents, Listing, Replay
from operations.models.registry import Rollback, Version

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.literals import ModelApprovalStatusType

    from console.starting.uploads import Spooled

SHOWN_EVENTS = 100


class Actions:
    """What a person may do to the account. Every method that changes something checks first."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def check(self) -> None:
        """Raises ReadOnlyError where the console only shows."""
        if self._account.read_only:
            raise ReadOnlyError(READ_ONLY)

    def stop(self, execution_arn: str, reason: str) -> None:
        """Stop an execution."""
        self.check()
        changes.stop(self._account, execution_arn, reason)

    def redrive(self, execution_arn: str) -> int:
        """Resume an execution where it failed; return how often it has been resumed."""
        self.check()
        return changes.resume(self._account, execution_arn)

    def start_again(self, asked: dict[str, Any], reason: str, *, force: bool) -> Answer:
        """Start another execution with the inputs that an earlier one had."""
        self.check()
        return changes.start_again(self._account, asked, reason, force=force)

    def start(self, asked: Mapping[str, Any]) -> Answer:
        """Ask start_retraining for an execution, in the name of whose credentials these are."""
        self.check()
        account = self._account
        wanted = {**asked, "requested_by": account.caller()}
        return starting.start(account.client("lambda", starting.ONCE), account.stage.names, wanted)

    def upload(self, dataset: str, file: str, spooled: "Spooled") -> None:
        """Put a file into a data set, in the way of `retrain upload`. Raises InputError."""
        self.check()
        bucket = self._account.stage.names.bucket
        uploads.put(self._account.client("s3"), bucket, dataset, file, spooled)

    def decide(self, shown: Version, status: "ModelApprovalStatusType", reason: str) -> None:
        """Approve or reject a version that is still as it was shown. Raises InputError."""
        self.check()
        decisions.decide(self._account, shown, status, reason)

    def roll_back(self, shown: Rollback, reason: str) -> None:
        """Do what the plan says, if it still is what would be planned. Raises InputError."""
        self.check()
        decisions.roll_back(self._account, shown, reason)

    def read_failed_events(self) -> Listing:
        """Read the queue of kept events.

        For a moment nobody else sees them, and SQS counts that they were received: so that is no
        mere look, and not to be done often.
        """
        self.check()
        queue = FailedEvents(self._account.client("sqs"), self._account.stage.names)
        return events.listing(queue, SHOWN_EVENTS)

    def replay(self, ids: Sequence[str] | None) -> list[Replay]:
        """Give events that no Lambda could handle to Lambda again; all of them if None."""
        self.check()
        names = self._account.stage.names
        queue = FailedEvents(self._account.client("sqs"), names)
        return list(events.replay(queue, self._account.client("lambda"), names, ids))
