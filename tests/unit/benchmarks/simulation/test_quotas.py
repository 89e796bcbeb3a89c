from hypothesis import given
from hypothesis import strategies as st

from benchmarks.simulation.quotas import Level, TokenBucket

TIMES = st.lists(st.floats(0, 100), max_size=60).map(sorted)


class Clock:
    """A time that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def refused(times: list[float], size: float, refill: float) -> int:
    clock = Clock()
    bucket = TokenBucket(size, refill, clock)
    for clock.now in times:
        bucket.take()
    return bucket.refused


def test_a_full_bucket_gives_its_size_at_once_and_then_its_refill():
    clock = Clock()
    bucket = TokenBucket(size=3, refill=2, now=clock)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    clock.now = 1.0
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    clock.now = 0.25 + clock.now
    assert not bucket.take()
    clock.now = 100.0
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    assert (bucket.calls, bucket.refused) == (12, 4)


@given(TIMES, st.integers(1, 5), st.floats(0.1, 5), st.integers(0, 5), st.floats(0, 5))
def test_a_larger_quota_never_refuses_more(times, size, refill, more, faster):
    assert refused(times, size + more, refill + faster) <= refused(times, size, refill)


def test_a_level_knows_its_most_and_its_mean_over_time():
    clock = Clock()
    level = Level(limit=3, now=clock)
    assert level.take(2)
    clock.now = 10.0
    assert level.take()
    assert not level.take()
    clock.now = 20.0
    level.give_back(3)
    clock.now = 40.0
    assert (level.most, level.refused, level.at_once) == (3, 1, 0)
    assert level.mean(40) == (2 * 10 + 3 * 10) / 40
