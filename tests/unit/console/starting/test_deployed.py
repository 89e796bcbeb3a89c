"""The defaults of what is deployed."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from console.starting.deployed import Defaults, defaults
from operations.errors import NotDeployedError
from state_machine import config
from state_machine.artifacts import bundle
from state_machine.definition import workflow
from state_machine.definition.deployed import Deployed
from state_machine.names import Names
from tests.fakes.service import client_error
from tests.support.paths import PROJECT


class FakeStates:
    """One state machine of that definition, or none."""

    class exceptions:
        StateMachineDoesNotExist = ClientError

    def __init__(self, found: str | None) -> None:
        self._definition = found

    def describe_state_machine(self, stateMachineArn: str) -> dict[str, Any]:
        if self._definition is None:
            raise client_error("StateMachineDoesNotExist", "DescribeStateMachine")
        return {"definition": self._definition}


def read(found: str | None) -> Defaults:
    return defaults(FakeStates(found), "arn")  # type: ignore[arg-type]


def test_they_are_what_the_definition_hands_to_prepare_run() -> None:
    pipeline = config.load(PROJECT / "pipeline.toml")
    names = Names("retrain", "dev", "123456789012", "eu-central-1")
    deployed = Deployed(names, bundle.pack(pipeline.code.scripts, names.bucket))
    found = read(json.dumps(workflow.as_dict(pipeline, deployed)))
    assert found.hyperparameters == pipeline.training.hyperparameters
    assert found.instance_types["training"] == pipeline.training.instance_type
    assert list(found.required_files) == pipeline.data.required_files
    assert found.model_package_group == "fashion-mnist-dev"


@pytest.mark.parametrize("found", [None, "{}", "[]", "{", '{"States": {"PrepareRun": {}}}'])
def test_without_them_one_is_told_to_deploy(found: str | None) -> None:
    with pytest.raises(NotDeployedError):
        read(found)
