"""Data that have a size and nothing else, and a fake S3 that takes its time to copy them."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.s3 import FakeS3


class Sized(bytes):
    """As many bytes as wanted: cut and joined as bytes are, and never there."""

    size: int

    def __new__(cls, size: int) -> "Sized":
        """Hold the size as text, of which the ETag is then made."""
        made = super().__new__(cls, str(size).encode())
        made.size = size
        return made

    def __len__(self) -> int:
        return self.size

    def __bytes__(self) -> bytes:
        return str(self.size).encode()

    def __getitem__(self, asked: Any) -> Any:
        return Sized(len(range(*asked.indices(self.size))))

    def __add__(self, other: Any) -> "Sized":
        return Sized(self.size + len(other))


@dataclass
class Clock:
    """A clock that stands until somebody who works moves it on."""

    now: float = 0.0
    ends: float = 0.0  # of the call under way

    def begin(self, seconds: float) -> None:
        """Begin a call that may take so long."""
        self.ends = self.now + seconds

    def left(self) -> float:
        """Return the seconds that the call has left."""
        return self.ends - self.now

    def wait_until(self, end: float) -> None:
        """Let the time pass until then."""
        self.now = max(self.now, end)


class SlowS3(FakeS3):
    """A fake S3 whose copies take time: each request goes at ``rate`` bytes a second."""

    page_size = 1000  # as S3 has it: there are thousands of objects

    def __init__(self, *buckets: str, clock: Clock, rate: float) -> None:
        super().__init__(*buckets)
        self.clock, self.rate = clock, rate
        self.copied = 0  # bytes

    def copy_object(self, **request: Any) -> dict[str, Any]:
        answer = super().copy_object(**request)
        self._work(len(self.content(request["Bucket"], request["Key"])))
        return answer

    def upload_part_copy(self, **request: Any) -> dict[str, Any]:
        answer = super().upload_part_copy(**request)
        self._work(len(self.uploads[request["UploadId"]][2][request["PartNumber"]]))
        return answer

    def _work(self, size: int) -> None:
        self.copied += size
        self.clock.now += size / self.rate


class SimulatedFuture(Future[Any]):
    """The result of a task; who asks for it waits until the task has ended."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self.end = 0.0

    def result(self, timeout: float | None = None) -> Any:
        self._clock.wait_until(self.end)
        return super().result(timeout)


@dataclass
class SimulatedPool(Executor):
    """Workers that begin each task when the first of them is free, on the clock of the test."""

    clock: Clock
    workers: int
    free: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Have all of them free from now on."""
        self.free = [self.clock.now] * self.workers

    def submit(self, task: Callable[..., Any], /, *given: Any, **named: Any) -> SimulatedFuture:
        future, now, worker = SimulatedFuture(self.clock), self.clock.now, min(self.free)
        self.free.remove(worker)
        self.clock.now = max(now, worker)
        try:
            future.set_result(task(*given, **named))
        except Exception as error:
            future.set_exception(error)
        future.end = self.clock.now
        self.free.append(future.end)
        self.clock.now = now
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.clock.wait_until(max(self.free))
