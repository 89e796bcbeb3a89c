"""kill -9 of the embedded AWS itself, in one state of an execution after the other."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cli.served.demo import sample_config
from state_machine import config
from tests.e2e.pipeline import ENDED, Pipeline
from tests.faults import figures, leaks, light
from tests.faults.conftest import PROJECT, STOP_GRACE_SECONDS
from tests.faults.containers import let_pass
from tests.support.killable import KillableAws
from tests.support.waiting import eventually

# What is always long enough to be seen: three jobs, and a Lambda's process starts anew each time.
# The others are struck when they are seen.
SEEN = {"TakeTurn", "PrepareRun", "Preprocess", "Train", "Evaluate", "CheckMetrics"}
STATE_SECONDS = 60.0
JOBS = ["Preprocess", "Train", "Evaluate"]


@pytest.fixture
def aws(tmp_path: Path) -> Iterator[KillableAws]:
    """A server to be killed, beside the suite's own."""
    arguments = ("--stop-grace-seconds", str(STOP_GRACE_SECONDS))
    with KillableAws(tmp_path / "aws", arguments=arguments) as server:
        yield server
        leaks.assert_none(server)


@pytest.fixture
def killed(aws: KillableAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """The light pipeline, deployed to the server that will be killed."""
    for name, value in aws.environment().items():
        monkeypatch.setenv(name, value)
    pipeline = Pipeline(aws, PROJECT)
    sample = sample_config(config.load(PROJECT / "pipeline.toml"))
    pipeline.deploy(light.settings(sample))
    return pipeline


@pytest.mark.timeout(900)  # a dozen servers, one after another
def test_an_execution_comes_through_a_kill_of_the_embedded_aws_in_each_of_its_states(
    aws: KillableAws, killed: Pipeline, digits: Path, chance: random.Random
) -> None:
    calm = killed.end_of(light.upload(killed, digits, "digits"))
    registered = killed.model_packages()
    aws.kill_and_start()  # no Lambda's process is left that could answer at once
    arn = killed.start({"dataset": "digits"})
    struck: list[str] = []

    while state := _next_state(killed, arn, struck):
        if chance.random() < 0.5:  # else at once
            let_pass(chance, 0.3)
        killed_at = datetime.now(UTC)
        aws.kill_and_start()
        struck.append(state)
        _resume(killed, arn, killed_at)

    assert set(struck) >= SEEN
    light.assert_alike(killed, killed.end_of(arn), calm, registered)
    assert len(killed.executions()) == 2
    left = [event["stateExitedEventDetails"]["name"] for event in _events(killed, arn, "Exited")]
    assert [name for name in left if name in JOBS] == JOBS


def _next_state(pipeline: Pipeline, arn: str, struck: list[str]) -> str | None:
    """Wait until a state is entered in which no kill has struck yet; None if there comes none."""

    def entered() -> tuple[str | None] | None:
        newest = _events(pipeline, arn, "Entered")[-1:]
        names = [event["stateEnteredEventDetails"]["name"] for event in newest]
        if names and names[0] not in struck:
            return (names[0],)
        return (None,) if _describe(pipeline, arn)["status"] in ENDED else None

    found = eventually(entered, timeout=STATE_SECONDS, every=0.01)
    assert found
    return found[0]


def _resume(pipeline: Pipeline, arn: str, killed_at: datetime) -> None:
    """Redrive the execution that the kill aborted, and wait until it is at work again."""
    execution = _describe(pipeline, arn)
    if execution["status"] == "SUCCEEDED":
        return  # the kill came right after its end
    assert (execution["status"], execution["error"]) == ("ABORTED", "LocalAws.Interrupted")
    assert f"retrain redrive {arn}" in execution["cause"]
    pipeline.states.redrive_execution(executionArn=arn)

    def at_work() -> Any:
        redriven = _events(pipeline, arn, "ExecutionRedriven")[-1]
        following = [event for event in _events(pipeline, arn) if event["id"] > redriven["id"]]
        return following and following[0]["timestamp"]

    waited = eventually(at_work, timeout=STATE_SECONDS) - killed_at
    figures.record(
        "seconds from a kill of the embedded AWS until the execution works again",
        waited.total_seconds(),
    )


def _describe(pipeline: Pipeline, arn: str) -> dict[str, Any]:
    described: dict[str, Any] = pipeline.states.describe_execution(executionArn=arn)
    return described


def _events(pipeline: Pipeline, arn: str, kind: str = "") -> list[dict[str, Any]]:
    pages = pipeline.states.get_paginator("get_execution_history").paginate(executionArn=arn)
    return [event for page in pages for event in page["events"] if event["type"].endswith(kind)]
