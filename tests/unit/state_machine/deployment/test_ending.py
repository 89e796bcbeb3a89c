import pytest

from state_machine.deployment.ending import LONGEST_WAIT_SECONDS, wait_until_none
from state_machine.errors import DeploymentError


def test_what_does_not_end_is_named_after_half_an_hour() -> None:
    paused: list[float] = []
    with pytest.raises(DeploymentError, match="jobs have not ended after 30 minutes: one, two; "):
        wait_until_none(lambda: ["two", "one"], "jobs have not ended", paused.append)
    assert LONGEST_WAIT_SECONDS <= sum(paused) < LONGEST_WAIT_SECONDS + 60


def test_nothing_is_waited_for_longer_than_it_lasts() -> None:
    left, paused = [["one", "two"], ["two"], []], []
    wait_until_none(lambda: left.pop(0), "jobs have not ended", paused.append)
    assert paused == [1.0, 2.0]
