"""Definitions that are refused, through boto3."""

from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from tests.functional.local_aws.stepfunctions.test_executions import create


@pytest.fixture
def states(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("stepfunctions")


def test_a_wait_until_no_time_is_refused_with_its_place(states: Any) -> None:
    with pytest.raises(states.exceptions.InvalidDefinition) as refused:
        create(states, ("Wait", {"Type": "Wait", "Timestamp": "2016-13-05T21:29:29Z", "End": True}))

    assert refused.value.response["Error"]["Message"] == (
        "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: String does not match "
        "RFC3339 timestamp at /States/Wait/Timestamp'"
    )
