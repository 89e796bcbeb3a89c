import copy
from dataclasses import replace
from itertools import islice

import pytest

from benchmarks.simulation.prices import Figures
from benchmarks.simulation.scenarios import Scenario, simulate
from benchmarks.simulation.uploads import LOST, pauses

BURST = Scenario("burst", 5, 0, 5, 5, 5, burst_seconds=1)


def with_quota(figures: Figures, name: str, **changes: int) -> Figures:
    known = copy.deepcopy(figures.known)
    known["quotas"][name] |= changes
    return Figures(known, figures.instances)


def test_an_event_that_is_refused_each_time_is_kept_after_three_times_six_tries(of, steady):
    refusing = with_quota(steady, "DescribeExecution", value=0, refill=0)
    outcome = simulate(replace(BURST, per_day=1), of, refusing)
    (run,) = outcome.runs
    assert (run.error, run.started) == (LOST, None)
    assert outcome.account.rates["DescribeExecution"].refused == 18
    assert run.ended > 60 + 120
    assert outcome.account.used.invocations == 3 + 3  # the other files' events, and three tries


def test_events_wait_for_a_lambda_and_none_is_lost(of, steady):
    outcome = simulate(BURST, of, with_quota(steady, "lambdas", value=1))
    assert outcome.account.lambdas.most == 1
    assert outcome.account.lambdas.refused > 0
    assert all(run.started is not None for run in outcome.runs)


def test_every_file_is_an_object_and_an_event(of, steady):
    # 4.6 s: until the execution has asked its first question.
    used = simulate(replace(BURST, per_day=1, grace_hours=0.001), of, steady).account.used
    assert used.invocations == of.files + 1
    # Each file is put, and the folder listed for its event and for the question. The last event
    # looks into the ledger and makes an entry. The question looks for a turn.
    assert (used.s3_puts, used.s3_gets) == (4 + (4 + 1) + 1, 1 + 1)


def test_throttled_events_are_taken_up_later_and_later():
    assert list(islice(pauses(), 10)) == pytest.approx([1, 2, 4, 8, 16, 32, 64, 128, 256, 300])
