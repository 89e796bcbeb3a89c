"""What becomes of an execution whose data set is no longer the one that it was started for.

The rule is: *the last complete state of a data set always has an execution that did not give it
up.* S3 events alone cannot hold it. They come late, and who handles one may find the execution of
that state running, although that execution has just seen another state and is about to end. So an
execution that leaves goes by these steps:

1. Only a complete data set takes its place. It sees to the successor's execution: where no event
   has started one, it does. While the data set is incomplete, the execution waits.
2. It notes in the ledger that it gives its data up. Whoever asks from then on for a run of the same
   data starts another one: ``start_once`` goes on to the next name.
3. It looks at the data set once more. Whoever brought the old state back *before* the note found a
   running execution and started nothing. That state is seen here, and gets its execution here.

A state that came back after the second look was there after the note, which its event then finds.
S3 is strongly consistent: https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lambdas.data_sets.data_sets import DataSet
from lambdas.errors import IncompleteDataSetError
from lambdas.runs.executions import Start
from lambdas.runs.ledger import Ledger

# An upload that has broken off is as good as over when so much time has passed without a change.
INCOMPLETE_SECONDS = 3600

SUPERSEDED = "superseded"


@dataclass(frozen=True)
class Succession:
    """An execution, the state of the data set that it was started for, and what it may do.

    ``look`` returns the data set as it is now; ``start`` starts a data set's own execution, unless
    it has one that did not give it up.
    """

    execution_arn: str
    started_at: datetime
    fingerprint: str
    look: Callable[[], DataSet]
    start: Callable[[DataSet], Start]
    ledger: Ledger

    def answer(self, dataset: DataSet, now: datetime) -> dict[str, Any] | None:
        """Return ``superseded``, or ``incomplete`` with the most ``seconds`` that it may wait.

        None where ``dataset`` still has the fingerprint. Raises IncompleteDataSetError where no
        file of it is left, and where it is incomplete and was not changed for INCOMPLETE_SECONDS.
        """
        if dataset.fingerprint == self.fingerprint:
            return None
        if dataset.incomplete and self._seconds_left(dataset, now) > 0:
            return self._wait(dataset, now)
        if not dataset.incomplete:
            self.start(dataset)
        self.ledger.give_up(self.execution_arn)
        again = self.look()
        return self._wait(again, now) if again.incomplete else self._superseded(again)

    def _superseded(self, dataset: DataSet) -> dict[str, Any]:
        successor = self.start(dataset).execution_arn.rsplit(":", 1)[-1]
        return {
            "outcome": SUPERSEDED,
            "message": f"data set {dataset.name!r} was replaced: found fingerprint "
            f"{dataset.fingerprint}, this execution was started for {self.fingerprint}; "
            f"execution {successor} takes its place",
            "superseded_by": dataset.fingerprint,
        }

    def _wait(self, dataset: DataSet, now: datetime) -> dict[str, Any]:
        seconds = self._seconds_left(dataset, now)
        if seconds <= 0:
            raise IncompleteDataSetError(self._too_long(dataset))
        message = f"data set {dataset.name!r} is incomplete now ({dataset.incomplete}); "
        message += f"{seconds} s are left for it to become complete"
        return {"outcome": "incomplete", "message": message, "seconds": seconds}

    def _seconds_left(self, dataset: DataSet, now: datetime) -> int:
        """Return for how many seconds more the data set may be incomplete.

        Versions that were removed for good leave no time behind: the execution's start counts too.
        """
        if not dataset.objects:
            return 0
        since = max(self.started_at, dataset.changed or self.started_at)
        return math.ceil((since + timedelta(seconds=INCOMPLETE_SECONDS) - now).total_seconds())

    def _too_long(self, dataset: DataSet) -> str:
        if not dataset.objects:
            return (
                f"data set {dataset.name!r} is gone: found no file of it at {dataset.s3_uri!r}, "
                f"expected those with fingerprint {self.fingerprint}; upload it again, which "
                "starts an execution of its own"
            )
        return (
            f"data set {dataset.name!r} is incomplete ({dataset.incomplete}) and was not changed "
            f"for {INCOMPLETE_SECONDS} s, expected the files with fingerprint {self.fingerprint}; "
            "upload what is missing or wrong, or take back what was changed: the complete data "
            "set starts an execution of its own"
        )
