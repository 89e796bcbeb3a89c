"""A deployment begins with the question whether Step Functions takes the definition."""

from typing import Any

import pytest

from state_machine.config import PipelineConfig
from state_machine.deployment.stage import StageDeployment
from state_machine.errors import DeploymentError
from state_machine.names import Names
from tests.support.paths import PROJECT

NAMES = Names("retrain", "dev", "123456789012", "us-east-1")
DIAGNOSTIC = {
    "severity": "ERROR",
    "code": "SCHEMA_VALIDATION_FAILED",
    "message": 'The field "Foo" is not supported by Step Functions',
    "location": "/States/Train/Parameters",
}


class RefusingStates:
    """Step Functions that takes no definition."""

    def validate_state_machine_definition(self, definition: str, type: str) -> dict[str, Any]:
        assert '"Train"' in definition
        assert type == "STANDARD"
        return {"result": "FAIL", "diagnostics": [DIAGNOSTIC], "truncated": False}


class Session:
    """The clients of an account that is asked nothing else."""

    def client(self, service: str) -> RefusingStates:
        assert service == "stepfunctions"
        return RefusingStates()


def test_a_definition_that_is_refused_stops_the_plan_in_awss_words(
    pipeline: PipelineConfig,
) -> None:
    session: Any = Session()

    with pytest.raises(DeploymentError) as refused:
        StageDeployment(pipeline, NAMES, session, PROJECT).plan()

    assert str(refused.value) == (
        "Step Functions refuses the definition: SCHEMA_VALIDATION_FAILED: The field "
        '"Foo" is not supported by Step Functions at /States/Train/Parameters'
    )
