"""Nothing is granted that is not used, and nothing is used that is not needed.

Every grant of every role is taken away in turn, and what used it then fails.
"""

import pytest

from state_machine.deployment import policies
from state_machine.functions.catalogue import LAMBDAS
from state_machine.names import Names
from tests.faults import light
from tests.privileges.scenarios import Scenario
from tests.privileges.world import Grant, World, grants_of

# The first test waits for every scenario.
pytestmark = pytest.mark.timeout(1200)

NAMES = Names(light.NAME, "dev", "123456789012", "us-east-1")
GROUP = NAMES.model_package_group(light.NAME)
REPOSITORIES = "arn:aws:ecr:us-east-1:763104351884:repository"
TRAINING = f"{REPOSITORIES}/tensorflow-training"
SERVING = f"{REPOSITORIES}/tensorflow-inference"
# AWS asks for these to draw what a processing job's instances are busy with, which no instance of
# the embedded AWS is measured for; a training job's metrics take the same right, and that is tried.
# https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html#sagemaker-roles-createprocessingjob-perms
BELIEVED = {f"{job}-CountMetrics-cloudwatch:PutMetricData" for job in ("preprocess", "evaluate")}


def grants() -> list[Grant]:
    """Every grant of the stage that the embedded AWS asks for."""
    assert {str(grant) for grant in every_grant()} > BELIEVED
    return [grant for grant in every_grant() if str(grant) not in BELIEVED]


def every_grant() -> list[Grant]:
    """Every grant of the stage."""
    return [
        *grants_of("states", policies.state_machine_policy(NAMES, GROUP, SERVING)),
        *(
            grant
            for purpose, policy in policies.job_policies(NAMES, TRAINING, "").items()
            for grant in grants_of(purpose, policy)
        ),
        *(
            grant
            for each in LAMBDAS
            for grant in grants_of(each.name, each.policy(NAMES, GROUP, [SERVING, TRAINING]))
        ),
    ]


def test_every_grant_is_used(users: dict[Grant, list[Scenario]]) -> None:
    assert [str(grant) for grant in grants() if grant not in users] == []


@pytest.mark.parametrize("grant", grants(), ids=str)
def test_without_it_something_fails(
    world: World, users: dict[Grant, list[Scenario]], grant: Grant
) -> None:
    world.forget()

    with world.without(grant):
        assert any(fails(scenario, world) for scenario in users[grant])

    assert grant.action in world.denied(grant.purpose)


def fails(scenario: Scenario, world: World) -> bool:
    """Tell whether the scenario does not come out well: not each one looks at all that it does."""
    try:
        scenario(world)
    except AssertionError:
        return True
    return False
