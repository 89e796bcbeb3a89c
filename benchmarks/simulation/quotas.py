"""What an account allows: so many calls a second, so many of something at once."""

from collections.abc import Callable


class TokenBucket:
    """Calls of one kind, as AWS throttles them: a bucket of tokens that is refilled all the time.

    https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    """

    def __init__(self, size: float, refill: float, now: Callable[[], float]) -> None:
        """``size`` calls at once, ``refill`` a second for long; ``now`` tells the time in s."""
        self._size, self._refill, self._now = size, refill, now
        self._tokens, self._filled = size, now()
        self.calls = 0
        self.refused = 0

    def take(self) -> bool:
        """Make a call; False where it is refused."""
        now = self._now()
        self._tokens = min(self._size, self._tokens + (now - self._filled) * self._refill)
        self._filled = now
        self.calls += 1
        if self._tokens < 1:
            self.refused += 1
            return False
        self._tokens -= 1
        return True


class Level:
    """How many of something there are at once: the most, and the mean over time."""

    def __init__(self, limit: float, now: Callable[[], float]) -> None:
        """``limit`` is how many there may be; ``now`` tells the time in s."""
        self.limit, self._now = limit, now
        self.at_once = 0
        self.most = 0
        self.refused = 0
        self._since, self._area = now(), 0.0

    def take(self, count: int = 1) -> bool:
        """Have ``count`` more; False where there would be too many."""
        if self.at_once + count > self.limit:
            self.refused += 1
            return False
        self._change(count)
        self.most = max(self.most, self.at_once)
        return True

    def give_back(self, count: int = 1) -> None:
        """Have ``count`` fewer."""
        self._change(-count)

    def mean(self, seconds: float) -> float:
        """The mean over the first ``seconds``, of which the last is now."""
        self._change(0)
        return self._area / seconds

    def _change(self, count: int) -> None:
        now = self._now()
        self._area += self.at_once * (now - self._since)
        self._since = now
        self.at_once += count
