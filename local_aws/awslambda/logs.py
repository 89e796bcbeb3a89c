"""What a function prints, and Lambda's own lines about it, in CloudWatch Logs."""

import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from local_aws.iam.sessions import Session
from local_aws.logs.role_log import RoleLog

TAIL_BYTES = 4096


class LogStream:
    """The log stream of one execution environment, written with the function's role.

    The function's process appends to `file`; `collect` carries what is new there over to
    CloudWatch Logs. A file never blocks its writer, and all that was written before a result was
    handed in is there to be read after it.
    """

    def __init__(
        self, session: Session, region: str, function_name: str, version: str, folder: Path
    ) -> None:
        self.group = f"/aws/lambda/{function_name}"
        self.name = f"{datetime.now(UTC):%Y/%m/%d}/[{version}]{uuid4().hex}"
        self._cloudwatch = RoleLog(session, region, self.group, self.name)
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / f"{self.name.rpartition(']')[2]}.log"
        self.file.touch()
        self._read = self.file.open("rb")
        self._unfinished = b""
        self._recent = b""

    def begin(self) -> None:
        """Start a new tail: what follows belongs to the next invocation."""
        self._cloudwatch.retry()
        self.collect()
        self._recent = b""

    @property
    def tail(self) -> bytes:
        """The last 4 KB since `begin`."""
        return self._recent

    def write(self, line: str) -> None:
        """Add a line of Lambda's own, after all that the function has printed so far."""
        self.collect(partial=True)
        self._put([line])

    def collect(self, *, partial: bool = False) -> None:
        """Take over the lines that the function has printed; with `partial` an unended one too."""
        *lines, self._unfinished = (self._unfinished + self._read.read()).split(b"\n")
        if partial and self._unfinished:
            lines.append(self._unfinished)
            self._unfinished = b""
        # The runtime client joins the lines of one log event, a traceback, by carriage returns.
        self._put(line.decode(errors="replace").replace("\r", "\n") for line in lines)

    def close(self) -> None:
        """Take over what is left and read no more."""
        self.collect(partial=True)
        self._read.close()

    def _put(self, messages: Iterable[str]) -> None:
        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": f"{message}\n"} for message in messages]
        if not events:
            return
        printed = "".join(str(event["message"]) for event in events).encode()
        self._recent = (self._recent + printed)[-TAIL_BYTES:]
        self._cloudwatch.put(events)
