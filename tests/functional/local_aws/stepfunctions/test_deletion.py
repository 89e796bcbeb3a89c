"""A state machine that is deleted while an execution of it runs."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import unique
from tests.support.roles import ROLE
from tests.support.waiting import eventually

WAIT = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 600, "End": True}}}


@pytest.fixture
def states(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("stepfunctions")


def code(caught: pytest.ExceptionInfo[ClientError]) -> str:
    return str(caught.value.response["Error"]["Code"])


def test_it_is_deleting_until_its_executions_have_ended(states: Any) -> None:
    name = unique("machine")
    wanted = {"name": name, "definition": json.dumps(WAIT), "roleArn": ROLE}
    machine = {"stateMachineArn": states.create_state_machine(**wanted)["stateMachineArn"]}
    execution = states.start_execution(**machine)["executionArn"]
    states.delete_state_machine(**machine)

    assert states.describe_state_machine(**machine)["status"] == "DELETING"
    (listed,) = states.list_executions(**machine, statusFilter="RUNNING")["executions"]
    assert listed["executionArn"] == execution
    for call in (
        lambda: states.start_execution(**machine),
        lambda: states.update_state_machine(**machine, definition=json.dumps(WAIT)),
        lambda: states.create_state_machine(**wanted),
    ):
        with pytest.raises(ClientError) as caught:
            call()
        assert code(caught) == "StateMachineDeleting"

    states.stop_execution(executionArn=execution)

    def gone() -> bool:
        try:
            states.describe_state_machine(**machine)
        except states.exceptions.StateMachineDoesNotExist:
            return True
        return False

    eventually(gone)
    states.create_state_machine(**wanted)


def test_without_executions_it_is_gone_at_once(states: Any) -> None:
    made = states.create_state_machine(
        name=unique("machine"), definition=json.dumps(WAIT), roleArn=ROLE
    )
    states.delete_state_machine(stateMachineArn=made["stateMachineArn"])
    with pytest.raises(states.exceptions.StateMachineDoesNotExist):
        states.describe_state_machine(stateMachineArn=made["stateMachineArn"])
