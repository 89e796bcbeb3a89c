"""Paths through boto3: what a state gets for a path with an index."""

import json
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from tests.functional.local_aws.stepfunctions.test_executions import echo, run


@pytest.fixture
def states(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("stepfunctions")


def test_a_choice_compares_the_value_behind_an_index(states: Any) -> None:
    choice = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.m[0].v", "NumericLessThan": 0.1, "Next": "Echo"}],
    }

    execution = run(
        states, ("Choice", choice), echo(**{"x.$": "$.m[0].v"}), given='{"m": [{"v": 0.05}]}'
    )

    assert execution["status"] == "SUCCEEDED"
    assert json.loads(execution["output"]) == {"x": 0.05}
