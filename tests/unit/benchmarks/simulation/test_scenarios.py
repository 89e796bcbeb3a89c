import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.simulation.scenarios import PROJECT, Scenario, arrivals, design, simulate
from state_machine import config

BUSY = Scenario("busy", 1000, 1, 3, 2, 2)
BURST = Scenario("burst", 4, 0, 1, 100, 100, burst_seconds=1, grace_hours=24)


def history(outcome):
    return [(run.started, run.had_its_turn, run.ended, run.error) for run in outcome.runs]


def mean_wait(outcome):
    return np.mean([run.had_its_turn - run.started for run in outcome.runs])


def test_a_seed_decides_everything(of, figures):
    once, again = (simulate(BUSY, of, figures, seed=1) for _ in range(2))
    assert history(once) == history(again)
    assert once.account.used == again.account.used
    assert history(simulate(BUSY, of, figures, seed=2)) != history(once)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 3))
def test_more_runs_at_once_never_make_a_longer_wait(of, steady, runs, most, more):
    few = replace(BURST, per_day=runs, max_concurrent_runs=most)
    many = replace(few, max_concurrent_runs=most + more)
    assert mean_wait(simulate(many, of, steady)) <= mean_wait(simulate(few, of, steady))


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 6), st.integers(0, 4), st.integers(1, 3))
def test_more_instances_never_fail_more_runs(of, steady, runs, instances, more):
    few = replace(BURST, per_day=runs, max_concurrent_runs=runs, training_instances=instances)
    many = replace(few, training_instances=instances + more)
    failed = [
        sum(run.error is not None for run in simulate(scenario, of, steady).runs)
        for scenario in (few, many)
    ]
    assert failed[1] <= failed[0]
    assert (failed[0] == runs) == (instances == 0)


def test_what_the_line_leaves_is_told_of(of, steady):
    outcome = simulate(replace(BURST, grace_hours=0.25), of, steady)
    assert [run.ended is not None for run in outcome.runs] == [True, False, False, False]
    assert not outcome.finished
    assert simulate(BURST, of, steady).finished


def test_uploads_come_at_random_or_all_at_once():
    chance = random.Random(0)
    at_random = list(arrivals(replace(BUSY, hours=24), chance))
    assert at_random == sorted(at_random)
    assert len(at_random) == pytest.approx(1000, abs=4 * 1000**0.5)
    assert list(arrivals(BURST, chance)) == [0, 0.25, 0.5, 0.75]
    assert len(list(arrivals(replace(BURST, accounts=2), chance))) == 2


def test_more_runs_at_once_are_what_would_be_deployed(of, figures):
    pipeline = config.load(PROJECT / "pipeline.toml")
    deployed = design(figures.region, pipeline.model_copy(update={"max_concurrent_runs": 7}))
    assert deployed.definition == of.with_runs_at_once(7)
    assert deployed.definition != of.definition
