import json
from typing import Any

import pytest

from local_aws.stepfunctions.language.refusals import problems

WRONG = {"Type": "Wait", "Timestamp": "2016-13-05T21:29:29Z", "End": True}
SAID = "SCHEMA_VALIDATION_FAILED: String does not match RFC3339 timestamp at "


def machine(state: Any) -> dict[str, Any]:
    return {"StartAt": "A", "States": {"A": state}}


@pytest.mark.parametrize(
    ("state", "where"),
    [
        (WRONG, "/States/A/Timestamp"),
        (
            {"Type": "Map", "ItemProcessor": machine(WRONG)},
            "/States/A/ItemProcessor/States/A/Timestamp",
        ),
        (
            {"Type": "Parallel", "Branches": [machine(WRONG)]},
            "/States/A/Branches[0]/States/A/Timestamp",
        ),
    ],
)
def test_a_time_that_is_none_is_named_with_its_place(state: Any, where: str) -> None:
    assert list(problems(json.dumps(machine(state)))) == [SAID + where]


@pytest.mark.parametrize(
    "definition",
    [
        *("{", "[]", '{"States": []}', '{"States": {"A": 1}}'),
        json.dumps(machine({**WRONG, "Timestamp": "2016-03-05T21:29:29.5Z"})),
        json.dumps(machine({**WRONG, "Timestamp": "{% $now() %}"})),
        json.dumps(machine({"Type": "Parallel", "Branches": 1, "ItemProcessor": 2})),
    ],
)
def test_of_anything_else_nothing_is_said(definition: str) -> None:
    assert list(problems(definition)) == []
