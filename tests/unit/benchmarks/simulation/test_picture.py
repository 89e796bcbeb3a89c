from dataclasses import replace

import numpy as np

from benchmarks.simulation.picture import draw, open_at
from benchmarks.simulation.scenarios import Scenario, simulate

BURST = Scenario("burst", 3, 0, 3, 4, 4, burst_seconds=3, grace_hours=24)


def test_executions_are_open_from_their_start_to_their_end(of, steady):
    outcome = simulate(BURST, of, steady)
    last = outcome.runs[-1]
    times = np.array([0.0, outcome.runs[0].started, last.started, last.ended])
    assert open_at(outcome, times).tolist() == [0, 1, 3, 0]


def test_the_picture_is_drawn_the_same_each_time(of, steady, tmp_path):
    outcomes = {
        "1": [simulate(replace(BURST, per_day=1), of, steady)],
        "3": [simulate(BURST, of, steady)],
    }
    for name in ("once.png", "again.png"):
        draw(outcomes, {"1": 1, "3": 0.5}, tmp_path / name)
    once, again = ((tmp_path / name).read_bytes() for name in ("once.png", "again.png"))
    assert once.startswith(b"\x89PNG")
    assert once == again
