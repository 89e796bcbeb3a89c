"""What IAM's simulator says of whoever is to deploy."""

from typing import Any

import pytest

from operations.doctor.account import Account
from operations.doctor.findings import Finding, Level
from operations.doctor.permissions import deployment
from state_machine.account import NO_RULES
from state_machine.deployment.stage import RIGHTS
from state_machine.names import Names
from tests.fakes.iam import FakeIam

USER = "arn:aws:iam::123456789012:user/team/ada"
SESSION = "arn:aws:sts::123456789012:assumed-role/Deployer/ada@example.org"
ROLE = "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/Deployer"


class Session:
    """Gives the one client that is asked for."""

    def __init__(self, iam: FakeIam) -> None:
        self._iam = iam

    def client(self, service: str) -> FakeIam:
        assert service == "iam"
        return self._iam


def examined(iam: FakeIam, principal: str = USER) -> Finding:
    names = Names("retrain", "dev", "123456789012", "us-east-1")
    session: Any = Session(iam)
    return deployment(Account(names, principal, "https://sts.amazonaws.com", session), "digits")


def test_every_action_is_asked_for_on_a_resource_of_the_stage() -> None:
    iam = FakeIam()

    assert examined(iam).level is Level.OK

    asked = sorted(action for actions in iam.simulated.values() for action in actions)
    wanted = [rights for rights in RIGHTS if rights.wanted(NO_RULES)]
    assert asked == sorted(action for rights in wanted for action in rights.actions)
    # AWS knows no resource for a definition that is only looked at.
    of_the_stage = {arn for arn in iam.simulated if "model-package" not in arn and arn != "*"}
    assert all("retrain-dev" in arn for arn in of_the_stage)
    assert "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/digits" in iam.simulated


def test_actions_that_are_denied_are_named() -> None:
    finding = examined(FakeIam(denied=("iam:PassRole", "s3:CreateBucket")))
    assert finding.level is Level.PROBLEM
    assert "s3:CreateBucket on the bucket, iam:PassRole on the role" in finding.found


def test_what_depends_on_a_condition_is_no_denial() -> None:
    finding = examined(FakeIam(depend=("iam:PassRole",)))
    assert finding.level is Level.WARNING
    assert "iam:PassRole on the role" in finding.found


def test_of_a_session_its_role_is_asked_with_the_path_that_the_session_leaves_out() -> None:
    iam = FakeIam(roles={"Deployer": ROLE})
    assert ROLE in examined(iam, SESSION).found


@pytest.mark.parametrize("who", ["iam::123456789012:root", "sts::123456789012:federated-user/ada"])
def test_whom_the_simulator_does_not_take_is_told_so(who: str) -> None:
    iam = FakeIam()
    finding = examined(iam, f"arn:aws:{who}")
    assert finding.level is Level.WARNING
    assert who in finding.found
    assert not iam.simulated
