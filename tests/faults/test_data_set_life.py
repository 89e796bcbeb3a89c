"""A thousand lives of a data set in 20 rounds; `make test` tries a few dozen."""

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.data_set_life import DataSetLife

IN_A_ROUND = 50


def test_the_last_complete_state_has_an_execution(fault_round: int) -> None:
    lives = settings(
        max_examples=IN_A_ROUND,
        stateful_step_count=40,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(seed(fault_round)(DataSetLife), settings=lives)
