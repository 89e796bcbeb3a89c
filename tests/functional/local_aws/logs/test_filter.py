"""FilterLogEvents tells of the streams that were asked for."""

import time
from typing import Any
from uuid import uuid4

import pytest

from local_aws.client import EmbeddedAws


@pytest.fixture
def logs(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("logs")


@pytest.fixture
def group(logs: Any) -> str:
    """A group with one line in each of three streams."""
    name = f"/group/{uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=name)
    for stream in ("run-1/a", "run-1/b", "run-2/a"):
        logs.create_log_stream(logGroupName=name, logStreamName=stream)
        line = {"timestamp": int(time.time() * 1000), "message": f"of {stream}"}
        logs.put_log_events(logGroupName=name, logStreamName=stream, logEvents=[line])
    return name


def test_the_beginning_of_the_names_is_enough(logs: Any, group: str) -> None:
    def found(**asked: Any) -> list[str]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, **asked)
        return sorted(event["message"] for page in pages for event in page["events"])

    assert found(logStreamNamePrefix="run-1/") == ["of run-1/a", "of run-1/b"]
    assert found(logStreamNamePrefix="run-1/", filterPattern="b") == ["of run-1/b"]
    assert found(logStreamNamePrefix="run-1/", PaginationConfig={"PageSize": 1}) == [
        "of run-1/a",
        "of run-1/b",
    ]
    assert found(logStreamNamePrefix="run-3") == []
    assert len(found()) == 3


def test_names_and_their_beginning_do_not_go_together(logs: Any, group: str) -> None:
    with pytest.raises(logs.exceptions.InvalidParameterException, match="Only one"):
        logs.filter_log_events(
            logGroupName=group, logStreamNamePrefix="run", logStreamNames=["run-1/a"]
        )


def test_a_group_that_is_not_there_is_named(logs: Any) -> None:
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.filter_log_events(logGroupName="/no/such", logStreamNamePrefix="run")
