"""The ledger: one S3 object for each execution that was ever started, kept for ever.

Step Functions knows an execution's name for 90 days after its end, and until then the name is what
keeps a second execution away. After that the ledger does. It is written *after* StartExecution, so
that whoever dies on the way loses nothing:

- dead before StartExecution: no execution, no entry. The event is delivered again and starts it.
- dead between StartExecution and the entry: the event that is delivered again finds the name taken,
  and PrepareRun, a state of the execution itself, makes the entry that its starter could not.
- an entry written *before* StartExecution could outlive a starter that died in between: a data set
  entered and never trained on, which is the worse of the two mistakes.

Beside the entries lies a note for each execution that gave its data up, ``given-up/``: it was
superseded, or its data set was incomplete for too long. It does not count as a run of its data.

Entries are put with ``If-None-Match: *``, so the first one stands and tells who came first.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lambdas.boundary import strict_json
from lambdas.boundary.s3_objects import error_code, put_json

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "ledger/"
# No entry has such a key: no name of an execution has a slash.
GIVEN_UP = f"{PREFIX}given-up/"
LARGEST = 512 * 1024  # bytes: an execution's input has at most 256 KiB


@dataclass(frozen=True)
class Ledger:
    """The entries of one bucket."""

    s3: "S3Client"
    bucket: str

    def enter(self, execution_arn: str, execution_input: Mapping[str, Any], starter: str) -> bool:
        """Enter an execution unless it is entered already, and tell whether ``starter`` started it.

        ``starter`` is a token of one call of StartExecution, empty for the execution itself. Two
        callers that start one name at once both succeed: the first in the ledger is the starter.
        A caller also finds its own token, where S3's answer to its first put was lost. An entry
        that cannot be read names no starter, as that of an execution itself.
        """
        entry = {"execution_arn": execution_arn, "input": execution_input, "starter": starter}
        try:
            put_json(self.s3, self._uri(execution_arn), entry, IfNoneMatch="*")
        except ClientError as error:
            if error_code(error) != "PreconditionFailed":
                raise
            return self._starter(execution_arn) in {starter, ""}
        return True

    def entered_at(self, execution_arn: str) -> datetime | None:
        """Return when the execution was entered, None where it never was."""
        return self._written_at(_key(PREFIX, execution_arn))

    def give_up(self, execution_arn: str) -> None:
        """Note that the execution is no run of its data; a repeated call changes nothing."""
        note = f"s3://{self.bucket}/{_key(GIVEN_UP, execution_arn)}"
        put_json(self.s3, note, {"execution_arn": execution_arn})

    def gave_up(self, execution_arn: str) -> bool:
        """Tell whether the execution has given its data up."""
        return self._written_at(_key(GIVEN_UP, execution_arn)) is not None

    def _written_at(self, key: str) -> datetime | None:
        try:
            head = self.s3.head_object(Bucket=self.bucket, Key=key)
        except ClientError as error:
            if error_code(error) != "404":  # HeadObject has no body, so its code is the status
                raise
            return None
        return head["LastModified"]

    def _starter(self, execution_arn: str) -> str:
        body = self.s3.get_object(Bucket=self.bucket, Key=_key(PREFIX, execution_arn))["Body"]
        try:
            entry = strict_json.read(body, LARGEST)
        except ValueError:
            return ""
        return str(entry.get("starter", "")) if isinstance(entry, dict) else ""

    def _uri(self, execution_arn: str) -> str:
        return f"s3://{self.bucket}/{_key(PREFIX, execution_arn)}"


def _key(prefix: str, execution_arn: str) -> str:
    return f"{prefix}{execution_arn.rsplit(':', 1)[-1]}.json"
