"""A thousand lives of a data set in 20 rounds, with fakes and on the embedded AWS."""

import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.support.clocked_aws import ClockedAws
from tests.support.data_set_account import EmbeddedAccount
from tests.support.data_set_life import DataSetLife

IN_A_ROUND = 50
IN_ONE_ROUND_ALONE = 3  # in `make test`: a life on the embedded AWS takes seconds


@pytest.fixture(scope="module")
def clocked_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClockedAws]:
    with ClockedAws(tmp_path_factory.mktemp("clocked-aws")) as aws:
        yield aws


def live(make: Callable[[], DataSetLife], number: int, lives: int, steps: int) -> None:
    run_state_machine_as_test(
        seed(number)(make),
        settings=settings(
            max_examples=lives,
            stateful_step_count=steps,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(1800)  # a failure takes long to shrink
def test_the_last_complete_state_has_an_execution(fault_round: int) -> None:
    live(DataSetLife, fault_round, IN_A_ROUND, steps=40)


@pytest.mark.timeout(1800)
def test_the_same_on_the_embedded_aws(fault_round: int, clocked_aws: ClockedAws) -> None:
    lives = IN_A_ROUND if "FAULT_ROUNDS" in os.environ else IN_ONE_ROUND_ALONE

    def make() -> DataSetLife:
        return DataSetLife(lambda versioned: EmbeddedAccount(clocked_aws, versioned))

    live(make, fault_round, lives, steps=12)
