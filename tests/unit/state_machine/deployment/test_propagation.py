import pytest
from botocore.exceptions import ClientError

from state_machine.deployment.propagation import until_known
from tests.fakes.service import client_error

REFUSED = client_error("AccessDeniedException", "CreateStateMachine", "Neither the role ... exists")


def test_a_role_that_is_known_after_two_minutes_is_waited_for() -> None:
    paused: list[float] = []

    def create() -> str:
        if sum(paused) < 115:
            raise REFUSED
        return "created"

    assert until_known(create, paused.append) == "created"


def test_the_refusal_is_raised_in_the_end() -> None:
    paused: list[float] = []

    def create() -> str:
        raise REFUSED

    with pytest.raises(ClientError, match="Neither the role"):
        until_known(create, paused.append)
    assert sum(paused) == 120


def test_what_the_caller_may_not_do_is_not_waited_for() -> None:
    paused: list[float] = []
    refused = client_error("AccessDeniedException", "CreateStateMachine", "User: me is not ...")

    def create() -> str:
        raise refused

    with pytest.raises(ClientError, match="User: me"):
        until_known(create, paused.append)
    assert paused == []
