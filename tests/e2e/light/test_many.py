"""A hundred data sets that arrive together, through one embedded AWS."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from state_machine.config import PipelineConfig
from tests.e2e.pipeline import ENDED, Pipeline
from tests.faults import leaks
from tests.support.waiting import eventually

DATA_SETS = 100
AT_ONCE = 4
PATIENCE = 1500.0  # seconds for all of them
DECIDED = {"register", "keep_champion"}


@pytest.fixture(scope="module")
def settings(settings: PipelineConfig) -> PipelineConfig:
    return settings.model_copy(update={"max_concurrent_runs": AT_ONCE})


def ended(pipeline: Pipeline) -> list[str]:
    """The ARNs of the executions that have ended."""
    pages = pipeline.states.get_paginator("list_executions").paginate(
        stateMachineArn=pipeline.deployment.state_machine_arn
    )
    executions = [execution for page in pages for execution in page["executions"]]
    return [each["executionArn"] for each in executions if each["status"] in ENDED]


def work_began(pipeline: Pipeline, execution_arn: str) -> datetime:
    """When PrepareRun was entered."""
    pages = pipeline.states.get_paginator("get_execution_history").paginate(
        executionArn=execution_arn
    )
    times: list[datetime] = [
        event["timestamp"]
        for page in pages
        for event in page["events"]
        if event.get("stateEnteredEventDetails", {}).get("name") == "PrepareRun"
    ]
    return times[0]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_hundred_data_sets_at_once_are_all_decided_in_order(
    pipeline: Pipeline, digits: Path, record_property: Any
) -> None:
    server = psutil.Process(pipeline.aws.pid)
    for file in sorted(digits.iterdir()):
        for number in range(DATA_SETS):
            pipeline.put(f"set-{number:03}", file)

    eventually(lambda: len(ended(pipeline)) >= DATA_SETS // 4, timeout=PATIENCE, every=1)
    early = server.memory_info().rss
    eventually(lambda: len(ended(pipeline)) >= DATA_SETS, timeout=PATIENCE, every=1)
    late = server.memory_info().rss

    arns = ended(pipeline)
    executions = sorted((pipeline.end_of(arn) for arn in arns), key=lambda e: e["startDate"])
    assert len(executions) == DATA_SETS
    assert {json.loads(each["input"])["dataset"] for each in executions} == {
        f"set-{number:03}" for number in range(DATA_SETS)
    }
    assert {each["status"] for each in executions} == {"SUCCEEDED"}
    decisions = [each["output"]["quality_gate"]["decision"] for each in executions]
    assert set(decisions) <= DECIDED
    assert len(pipeline.model_packages()) == decisions.count("register")
    for place, each in enumerate(executions):
        began = work_began(pipeline, each["executionArn"])
        earlier = executions[:place]
        assert sum(other["stopDate"] > began for other in earlier) < AT_ONCE, each["name"]
    leaks.assert_none(pipeline.aws)
    # What each run leaves is its history, its objects' names and its log lines, not its data.
    grown = (late - early) / (DATA_SETS - DATA_SETS // 4)
    record_property("server's memory for each run, in bytes", grown)
    assert grown < 1e6, f"{early / 1e6:.0f} MB, then {late / 1e6:.0f} MB"
