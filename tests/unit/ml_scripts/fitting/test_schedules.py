"""The learning rate at each step."""

import numpy as np
import pytest

from fitting.schedules import CONSTANT, ONE_CYCLE, learning_rate


def test_a_constant_rate_is_the_rate():
    assert learning_rate(CONSTANT, 0.01, 100) == 0.01


@pytest.mark.parametrize("steps", [1, 2, 10, 1125])
def test_one_cycle_rises_to_the_highest_rate_and_falls_to_the_last_step(steps):
    schedule = learning_rate(ONE_CYCLE, 0.01, steps)

    rates = np.array([float(schedule(step)) for step in range(steps + 1)])

    top = rates.argmax()
    assert rates[0] == pytest.approx(0.01 / 25)
    assert rates[top] == pytest.approx(0.01)
    assert (np.diff(rates[: top + 1]) > 0).all()
    assert (np.diff(rates[top:]) < 0).all()
    assert top == max(1, round(0.3 * steps))
    if steps > 1:
        assert rates[-1] == pytest.approx(0.01 / 1000)
