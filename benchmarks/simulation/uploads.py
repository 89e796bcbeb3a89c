"""Uploads, their events and the trigger, up to StartExecution."""

from collections.abc import Iterator

from benchmarks.simulation.calls import ON_UPLOAD_INCOMPLETE
from benchmarks.simulation.executions import Run, StateMachine
from benchmarks.simulation.services import Account, Steps, TaskError

# Lambda tries a failed asynchronous invocation again after one minute and after two more, and a
# throttled one after one second and so on up to five minutes, for six hours:
# https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
FAILED_AGAIN_AFTER = (60, 120)
THROTTLED_AT_MOST = 300
LOST = "the event is kept in the queue failed-events"


class Trigger:
    """The Lambda on_upload, which S3 invokes for each file of a data set."""

    def __init__(self, account: Account, machine: StateMachine, files: int) -> None:
        """A data set has ``files`` files."""
        self._account, self._machine, self._files = account, machine, files

    def upload(self, run: Run) -> Steps:
        """Upload a data set file by file, and let its last file start the run's execution."""
        env, assumed = self._account.env, self._account.figures.assumed
        for file in range(self._files):
            if file:
                yield env.timeout(assumed("seconds_between_files"))
            self._account.request(puts=1, gets=0)
            env.process(self._tell(run, last=file == self._files - 1))

    def _tell(self, run: Run, *, last: bool) -> Steps:
        env = self._account.env
        yield env.timeout(self._account.figures.assumed("event_seconds"))
        for pause in (*FAILED_AGAIN_AFTER, None):
            try:
                yield from self._when_there_is_room(last=last)
                break
            except TaskError:
                if pause is None:
                    run.error, run.ended = LOST, env.now
                    return
                yield env.timeout(pause)
        if last:
            yield from self._machine.execute(run)

    def _when_there_is_room(self, *, last: bool) -> Steps:
        starts = {"DescribeExecution": 1, "StartExecution": 1} if last else {}
        counted_as = "" if last else ON_UPLOAD_INCOMPLETE
        for pause in pauses():
            try:
                yield from self._account.invoke("on_upload", starts, counted_as)
                return
            except TaskError as error:
                if str(error) != "Lambda.TooManyRequestsException":
                    raise
                yield self._account.env.timeout(pause)


def pauses() -> Iterator[float]:
    """Yield the seconds after which Lambda takes up a throttled invocation again."""
    seconds = 1.0
    while True:
        yield seconds
        seconds = min(2 * seconds, THROTTLED_AT_MOST)
