"""What of a batch comes back by a function's answer, and what filters let through."""

import json
from typing import Any

import pytest

from local_aws.awslambda.sources.batches import failed_of, wanted

IDS = ("a", "b")


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, set()),
        ({}, set()),
        ({"batchItemFailures": None}, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": [{"itemIdentifier": "b"}]}, {"b"}),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, set(IDS)),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, set(IDS)),
        ({"batchItemFailures": [{"id": "b"}]}, set(IDS)),
        ({"batchItemFailures": [{"itemIdentifier": "c"}]}, set(IDS)),
        ("text", set(IDS)),
    ],
)
def test_an_answer_gives_back_messages(answer: Any, failed: set[str]) -> None:
    assert failed_of(json.dumps(answer).encode(), IDS) == failed


@pytest.mark.parametrize(
    ("body", "pattern", "passes"),
    [
        ('{"a": 1}', {"body": {"a": [1]}}, True),
        ('{"a": 2}', {"body": {"a": [1]}}, False),
        ("plain", {"body": ["plain"]}, True),
        ("plain", {"body": {"a": [1]}}, False),
    ],
)
def test_a_filter_looks_into_a_body_that_is_json(
    body: str, pattern: dict[str, Any], passes: bool
) -> None:
    criteria = {"Filters": [{"Pattern": json.dumps(pattern)}]}
    assert wanted({"body": body}, criteria) is passes
    assert wanted({"body": body}, None)
