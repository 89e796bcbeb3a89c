from dataclasses import replace

import pytest

from benchmarks.simulation import tables
from benchmarks.simulation.executions import Run
from benchmarks.simulation.scenarios import WITHOUT_A_LINE, Scenario, simulate
from benchmarks.simulation.tables import bends_first, duration, markdown

BURST = Scenario("burst", 3, 0, 1, 4, 4, burst_seconds=1, grace_hours=24)


def cells(table: str) -> dict[str, list[str]]:
    """The table's rows by their first cell."""
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()]
    return {row[0]: row[1:] for row in rows}


def test_a_table_is_markdown():
    assert markdown(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


@pytest.mark.parametrize(
    ("seconds", "text"), [(10.4, "10 s"), (119, "119 s"), (600, "10 min"), (9000, "2.5 h")]
)
def test_durations_are_in_the_unit_that_suits_them(seconds, text):
    assert duration(seconds) == text


def test_a_load_says_what_became_of_its_runs(of, steady):
    scenarios = (BURST, replace(BURST, grace_hours=0.25), replace(BURST, training_instances=0))
    outcomes = [simulate(scenario, of, steady) for scenario in scenarios]
    table = cells(tables.loads(outcomes, of.memory_gb))
    assert table["decided"] == ["100 %", "33.3 %", "0 %"]
    assert table["not ended"] == ["0 %", "66.7 %", "0 %"]
    assert table["failed: no instance left"] == ["0 %", "0 %", "100 %"]
    assert table["**bends first**"] == [
        "nothing; nearest is training instances at 25.0 %",
        "`max_concurrent_runs`: the line grows",
        "no instance left",
    ]


def test_a_day_costs_as_often_as_much_as_there_are_accounts(of, steady):
    outcome = simulate(BURST, of, steady)
    in_two = replace(outcome, scenario=replace(BURST, accounts=2))
    table = cells(tables.loads([outcome, in_two], of.memory_gb))
    one, two = map(float, table["**USD a day**"])
    assert two == pytest.approx(2 * one, abs=0.01)


def test_what_is_nearest_to_its_quota_is_named(of, steady):
    outcome = simulate(replace(BURST, training_instances=1), of, steady)
    assert bends_first(outcome) == "nothing; nearest is training instances at 100 %"


def test_quotas_are_reached_one_after_the_other(of, figures):
    table = tables.ceilings(simulate(WITHOUT_A_LINE, of, figures))
    rows = list(cells(table).items())[2:]
    most = [float(first.replace(",", "")) for first, _ in rows]
    assert most == sorted(most)
    by_name = {rest[0]: number for number, (_, rest) in zip(most, rows, strict=True)}
    # One training job a run and one a second; two processing jobs; 300 executions a second.
    assert by_name["`StartExecution`"] == 300 * 86400
    assert by_name["`CreateTrainingJob`"] == pytest.approx(86400, rel=0.05)
    assert by_name["`CreateProcessingJob`"] == pytest.approx(43200, rel=0.05)
    hundred, one = by_name["`max_concurrent_runs = 100`"], by_name["`max_concurrent_runs = 1`"]
    assert hundred == pytest.approx(100 * one, rel=0.01)


def test_a_run_that_failed_is_never_rounded_away(of, steady):
    runs = [Run(number, 0.0, 0.0, 0.0, 1.0) for number in range(2000)]
    runs[0].error = "ThrottlingError"
    outcome = replace(simulate(BURST, of, steady), runs=runs)
    table = cells(tables.loads([outcome], of.memory_gb))
    assert table["decided"] == ["99.95 %"]
    assert table["failed: ListExecutions refused"] == ["0.05 %"]
