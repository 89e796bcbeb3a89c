"""One stage for all tests of privileges, and what each scenario uses while nothing is missing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.served.demo import sample_config
from local_aws.client import EmbeddedAws
from operations.data_sets import digits as sample
from state_machine import config
from state_machine.config import Schedule
from tests.faults import light
from tests.privileges.scenarios import SCENARIOS, Scenario, upload
from tests.privileges.world import PROJECT, Grant, World

SCHEDULE = Schedule(enabled=True, expression="rate(365 days)")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The light pipeline, deployed to an embedded AWS of its own."""
    arguments = ("--lambda-retry-delays", "0.2,0.4", "--stop-grace-seconds", "1")
    settings = light.settings(sample_config(config.load(PROJECT / "pipeline.toml")))
    digits: Path = sample.write(tmp_path_factory.mktemp("digits"))
    with (
        EmbeddedAws(tmp_path_factory.mktemp("aws"), arguments=arguments) as aws,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in aws.environment().items():
            environment.setenv(name, value)
        settling = settings.data.model_copy(update={"settle_seconds": 1})
        asked = {"schedule": SCHEDULE, "data": settling, "reuse_unchanged_steps": True}
        yield World(aws, settings.model_copy(update=asked), digits)


@pytest.fixture(scope="session")
def users(world: World) -> dict[Grant, list[Scenario]]:
    """For each grant that is used, the scenarios that use it, and then those of its role.

    A log stream is opened once: what opened it while nothing was missing may not look at it.
    """
    used: dict[Scenario, set[Grant]] = {}
    for scenario in sorted(SCENARIOS, key=lambda each: each is not upload):  # which brings the data
        world.forget()
        scenario(world)
        used[scenario] = world.used()
    return {
        grant: sorted(
            (each for each in SCENARIOS if grant.purpose in {one.purpose for one in used[each]}),
            key=lambda scenario: grant not in used[scenario],
        )
        for grant in set().union(*used.values())
    }
