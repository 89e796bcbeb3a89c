"""The turns of a pipeline: as many objects in S3 as executions may run at once, ``turns/<n>.json``.

Each names the execution that has this turn, and it is taken by a conditional write, of which S3
lets one of several writers win. A turn is free if nobody has it, or if who has it has ended.

What Step Functions tells is eventually consistent, what S3 tells is not. An execution that is said
to be RUNNING, and has ended, is only waited for a little longer. One that has ended does not run
again, unless somebody redrives it. So nothing that may be old lets one too many go.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lambdas.boundary import strict_json
from lambdas.boundary.s3_objects import error_code, put_json

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

PREFIX = "turns/"
LARGEST = 4096  # bytes
# For so long after it took its turn an execution that nobody knows may only not be known yet.
YOUNG = timedelta(hours=1)
LOST = {"PreconditionFailed", "NoSuchKey", "404"}  # somebody else wrote, or deleted, the object


@dataclass(frozen=True)
class Turn:
    """One turn as it is now; ``holder`` is an ARN, empty if nobody has it."""

    number: int
    holder: str = ""
    etag: str = ""
    taken: datetime | None = None


@dataclass(frozen=True)
class Turns:
    """The turns of one state machine; ``executions`` is how the ARNs of its executions begin."""

    s3: "S3Client"
    stepfunctions: "SFNClient"
    bucket: str
    executions: str

    def has(self, execution_arn: str, most: int) -> bool:
        """Tell whether the execution has one of ``most`` turns."""
        return any(self._look(number).holder == execution_arn for number in range(most))

    def take(self, execution_arn: str, most: int, now: datetime) -> str:
        """Take one of ``most`` turns; return who has it then, the execution or another one.

        A repeated call takes no second turn.
        """
        turns = [self._look(number) for number in range(most)]
        if any(turn.holder == execution_arn for turn in turns):
            return execution_arn
        for turn in turns:
            if self._is_free(turn, now) and self._write(turn, execution_arn):
                return execution_arn
        return next((turn.holder for turn in turns if turn.holder), "another execution")

    def _look(self, number: int) -> Turn:
        """Return the turn; an object that is no turn, whoever wrote it, is nobody's."""
        try:
            found = self.s3.get_object(Bucket=self.bucket, Key=_key(number))
        except ClientError as error:
            if error_code(error) != "NoSuchKey":
                raise
            return Turn(number)
        try:
            content = strict_json.read(found["Body"], LARGEST)
        except ValueError:
            content = None
        holder = content.get("execution_arn") if isinstance(content, dict) else None
        ours = isinstance(holder, str) and holder.startswith(self.executions)
        return Turn(number, str(holder) if ours else "", found["ETag"], found["LastModified"])

    def _is_free(self, turn: Turn, now: datetime) -> bool:
        if not turn.holder or turn.taken is None:
            return True
        try:
            described = self.stepfunctions.describe_execution(executionArn=turn.holder)
        except ClientError as error:
            if error_code(error) not in {"ExecutionDoesNotExist", "InvalidArn"}:
                raise
            return now - turn.taken > YOUNG
        return described["status"] != "RUNNING"

    def _write(self, turn: Turn, execution_arn: str) -> bool:
        """Take the turn; return False if somebody else took it since it was looked at."""
        condition = {"IfMatch": turn.etag} if turn.etag else {"IfNoneMatch": "*"}
        uri = f"s3://{self.bucket}/{_key(turn.number)}"
        try:
            put_json(self.s3, uri, {"execution_arn": execution_arn}, **condition)
        except ClientError as error:
            if error_code(error) not in LOST:
                raise
            # Also where S3's answer to an earlier try of this very write was lost.
            return self._look(turn.number).holder == execution_arn
        return True


def _key(number: int) -> str:
    return f"{PREFIX}{number}.json"
