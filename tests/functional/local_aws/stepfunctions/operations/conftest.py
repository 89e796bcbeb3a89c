"""What the tests of Step Functions' operations share: a client, and machines of one state."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import unique
from tests.support.roles import ROLE

Make = Callable[..., dict[str, Any]]
Refused = Callable[..., tuple[str, str]]


@pytest.fixture
def states(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("stepfunctions")


@pytest.fixture
def make(states: Any) -> Make:
    """Create a machine of one state: `make({"Type": "Succeed"}, type="EXPRESS")` -> the answer."""

    def make(state: dict[str, Any], **more: Any) -> dict[str, Any]:
        definition = json.dumps({"StartAt": "Only", "States": {"Only": state}})
        given = {"name": unique("machine"), "definition": definition, "roleArn": ROLE}
        made: dict[str, Any] = states.create_state_machine(**given | more)
        return made

    return make


@pytest.fixture
def refused(states: Any) -> Refused:
    """Call an operation that is refused: `refused("describe_execution", ...)` -> code, message."""

    def refused(operation: str, **parameters: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            getattr(states, operation)(**parameters)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    return refused
