"""Executions whose times, transitions and costs are computed by hand."""

from dataclasses import replace

import pytest

from benchmarks.simulation.costs import costs
from benchmarks.simulation.executions import chosen, instance_types, job_of, matching
from benchmarks.simulation.prices import UnknownFigureError
from benchmarks.simulation.scenarios import Scenario, simulate
from lambdas.take_turn import patience

ALONE = Scenario("alone", 1, 0, 1, 4, 4, burst_seconds=1)
TWO = replace(ALONE, per_day=2)

# Four files half a second apart, the last one's event after 1 s, on_upload 0.5 s.
STARTED = 3 * 0.5 + 1 + 0.5
# TakeTurn 0.2 s, and again after 10 s of settling.
HAD_ITS_TURN = STARTED + 0.2 + 10 + 0.2
# Each job waits 60 s for its instance and 120 s for its image and data.
ENDED = HAD_ITS_TURN + 1.7 + (180 + 3) + (180 + 158) + (180 + 20) + 1.3 + 1


def test_a_run_alone_takes_as_long_as_its_parts(of, steady):
    (run,) = simulate(ALONE, of, steady).runs
    assert (run.uploaded, run.error, run.questions) == (0, None, 2)
    assert run.started == pytest.approx(STARTED)
    assert run.had_its_turn == pytest.approx(HAD_ITS_TURN)
    assert run.ended == pytest.approx(ENDED)


def test_every_state_on_the_way_is_a_transition(of, steady):
    way = [
        *("TakeTurn", "Turn", "Settle", "TakeTurn", "Turn", "PrepareRun", "Prepared"),
        *("Preprocess", "Train", "Evaluate", "CheckMetrics", "QualityGate", "RegisterModel"),
        "Registered",
    ]
    assert set(way) <= of.definition["States"].keys()
    (run,) = simulate(ALONE, of, steady).runs
    assert run.transitions == len(way)


def test_a_run_costs_what_its_parts_cost(of, steady):
    outcome = simulate(ALONE, of, steady)
    found = costs(outcome.account.used, outcome.runs, of.memory_gb, steady)
    processing, training = (120 + 3) + (120 + 20), 120 + 158
    assert found["SageMaker, instances"] == pytest.approx(
        (processing * 0.23 + training * 0.461) / 3600
    )
    assert found["SageMaker, volumes"] == pytest.approx(
        (processing + training) * 30 * 0.14 / (30 * 86400)
    )
    assert found["Step Functions"] == pytest.approx(14 * 0.025 / 1000)
    # on_upload for each file, two questions, PrepareRun, CheckMetrics, announce_approval.
    seconds = 4 * 0.5 + 2 * 0.2 + 1.7 + 1.3 + 0.5
    assert found["Lambda"] == pytest.approx(9 * 0.2e-6 + seconds * 0.5 * 0.00001667)


def test_the_second_waits_for_the_first_and_asks_as_take_turn_says(of, steady):
    first, second = simulate(TWO, of, steady).runs
    assert first.ended == pytest.approx(ENDED)
    asked = second.started + 0.2 + 10
    questions = 1
    while asked + 0.2 < first.ended:
        # The wait counts from the answer, and is reckoned from the age at its end.
        asked += 0.2 + patience(1, asked + 0.2 - second.started)
        questions += 1
    assert second.had_its_turn == pytest.approx(asked + 0.2)
    assert second.questions == questions + 1
    assert second.transitions == 14 + 3 * (questions - 1)


def test_a_job_that_gets_no_instance_is_asked_for_again_and_then_fails(of, steady):
    outcome = simulate(replace(ALONE, training_instances=0), of, steady)
    (run,) = outcome.runs
    assert run.error == "SageMaker.ResourceLimitExceededException"
    assert outcome.account.jobs["training"].refused == 4
    assert run.transitions == 9 + 3
    began = HAD_ITS_TURN + 1.7 + (180 + 3)
    assert began < run.ended <= began + 10 + 30 + 90


def test_a_warm_instance_saves_the_start_and_costs_its_waiting(of, steady):
    cold = simulate(TWO, of, steady)
    warm = simulate(replace(TWO, keep_alive_seconds=3600), of, steady)
    kept, second = warm.runs
    assert kept.ended == pytest.approx(ENDED)
    assert second.ended - second.had_its_turn == pytest.approx(ENDED - HAD_ITS_TURN - 180 + 20)
    assert warm.account.jobs["training"].most == 1
    billed = warm.account.used.instance_seconds["training", "ml.m5.2xlarge"]
    assert billed > cold.account.used.instance_seconds["training", "ml.m5.2xlarge"]


def test_an_instance_is_not_kept_longer_than_asked(of, steady):
    warm = simulate(replace(TWO, keep_alive_seconds=60), of, steady)
    training = warm.account.used.instance_seconds["training", "ml.m5.2xlarge"]
    assert training == pytest.approx(2 * (120 + 158 + 60))
    assert warm.account.jobs["training"].at_once == 0


def test_jobs_are_those_of_the_definition(of):
    states, types = of.definition["States"], instance_types(of.definition)
    train = job_of("Train", states["Train"], types, keep_alive_seconds=60)
    assert (train.kind, train.instance_type, train.volume_gb) == ("training", "ml.m5.2xlarge", 30)
    assert train.keep_alive_seconds == 60
    evaluate = job_of("Evaluate", states["Evaluate"], types, keep_alive_seconds=60)
    assert (evaluate.kind, evaluate.instance_type) == ("processing", "ml.m5.xlarge")
    assert evaluate.keep_alive_seconds == 0  # only training jobs have warm pools


def test_the_first_retrier_that_matches_decides(of):
    retriers = of.definition["States"]["Train"]["Retry"]
    refused = matching(retriers, "SageMaker.ResourceLimitExceededException")
    failed = matching(retriers, "AlgorithmError")
    assert refused == (0, retriers[0])
    assert failed == (1, retriers[1])
    assert matching(retriers[:1], "AlgorithmError") == (0, None)


def test_a_choice_without_a_way_says_what_it_has(of):
    turn = of.definition["States"]["Turn"]
    assert chosen("Turn", turn, {"outcome": "go"}) == "PrepareRun"
    with pytest.raises(UnknownFigureError, match=r"Turn: no way for 'tomorrow', found .*'go'"):
        chosen("Turn", turn, {"outcome": "tomorrow"})


def test_a_state_that_nobody_has_simulated_is_an_error(of, steady):
    definition = of.with_runs_at_once(1)
    definition["States"]["RegisterModel"]["Resource"] = "arn:aws:states:::sqs:sendMessage"
    with pytest.raises(UnknownFigureError, match="RegisterModel: nobody has simulated"):
        simulate(ALONE, replace(of, definition=definition), steady)
