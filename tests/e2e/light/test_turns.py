"""Executions that start together: one after the other, and only the newest files of a data set."""

import json
from pathlib import Path
from typing import Any

import pytest

from state_machine import config
from state_machine.config import PipelineConfig
from tests.e2e.pipeline import Pipeline
from tests.support.paths import PROJECT
from tests.support.roles import ensure_role
from tests.support.waiting import eventually

SETTLE_SECONDS = 4
# A manifest of a file that nobody uploads.
NEVER_COMPLETE = json.dumps({"files": [{"name": "never.gz", "size": 1, "sha256": "0" * 64}]})


@pytest.fixture(scope="module")
def settings(settings: PipelineConfig) -> PipelineConfig:
    """Data sets that settle, and one run at a time, as pipeline.toml has it."""
    one = config.load(PROJECT / "pipeline.toml").max_concurrent_runs
    assert one == 1
    settles = settings.data.model_copy(update={"settle_seconds": SETTLE_SECONDS})
    return settings.model_copy(update={"max_concurrent_runs": one, "data": settles})


def executions_of(pipeline: Pipeline, dataset: str) -> list[dict[str, Any]]:
    """The executions that uploads of a data set started, in the order of their start."""
    described = [
        pipeline.states.describe_execution(executionArn=arn) for arn in pipeline.executions()
    ]
    return sorted(
        (found for found in described if json.loads(found["input"])["dataset"] == dataset),
        key=lambda found: found["startDate"],
    )


def entered(pipeline: Pipeline, execution_arn: str) -> dict[str, Any]:
    """When each state was entered last, by its name."""
    pages = pipeline.states.get_paginator("get_execution_history").paginate(
        executionArn=execution_arn
    )
    return {
        event["stateEnteredEventDetails"]["name"]: event["timestamp"]
        for page in pages
        for event in page["events"]
        if "stateEnteredEventDetails" in event
    }


def test_two_data_sets_at_once_are_two_isolated_runs_one_after_the_other(
    pipeline: Pipeline, digits: Path
) -> None:
    for file in sorted(digits.iterdir()):
        pipeline.put("left", file)
        pipeline.put("right", file)
    started = eventually(
        lambda: (
            [
                execution["executionArn"]
                for dataset in ("left", "right")
                for execution in executions_of(pipeline, dataset)
            ]
            if len(pipeline.executions()) == 2
            else []
        )
    )
    first, second = sorted(
        (pipeline.end_of(arn) for arn in started), key=lambda execution: execution["startDate"]
    )

    assert [first["status"], second["status"]] == ["SUCCEEDED", "SUCCEEDED"]
    states = entered(pipeline, second["executionArn"])
    assert "WaitForTurn" in states
    assert states["PrepareRun"] >= first["stopDate"]
    assert "WaitForTurn" not in entered(pipeline, first["executionArn"])
    outputs = [first["output"], second["output"]]
    assert {output["dataset"]["name"] for output in outputs} == {"left", "right"}
    for output in outputs:
        assert output["registration"]["model_package_arn"] in pipeline.model_packages()
        assert output["run_id"] in output["training_job"]["model_data_url"]
    assert len({output["paths"]["run"] for output in outputs}) == 2


def test_files_overwritten_while_they_settle_are_one_run_on_the_newest(
    pipeline: Pipeline, digits: Path
) -> None:
    files = sorted(digits.iterdir())
    for file in files:
        pipeline.put("overwritten", file)
    (first,) = eventually(lambda: executions_of(pipeline, "overwritten"))
    assert pipeline.end_of(first["executionArn"])["status"] == "SUCCEEDED"
    assert "Settle" not in entered(pipeline, first["executionArn"])  # nothing was overwritten
    before = pipeline.model_packages()
    for number, file in enumerate(files[:2], 2):
        pipeline.put("overwritten", file)
        eventually(lambda n=number: len(executions_of(pipeline, "overwritten")) == n)
    _, *started = executions_of(pipeline, "overwritten")

    outdated, newest = (pipeline.end_of(execution["executionArn"]) for execution in started)

    assert outdated["status"] == newest["status"] == "SUCCEEDED"
    assert outdated["output"]["outcome"] == "superseded"
    fingerprint = json.loads(newest["input"])["fingerprint"]
    assert outdated["output"]["superseded_by"] == fingerprint
    assert fingerprint in outdated["output"]["message"]
    assert "Superseded" in entered(pipeline, outdated["executionArn"])
    assert "Settle" in entered(pipeline, newest["executionArn"])
    assert "PrepareRun" not in entered(pipeline, outdated["executionArn"])
    registered = newest["output"]["registration"]["model_package_arn"]
    assert set(pipeline.model_packages()) - set(before) == {registered}
    assert newest["output"]["dataset"]["fingerprint"] == fingerprint


def test_files_overwritten_after_the_turn_lead_back_to_it_and_are_not_trained_on(
    pipeline: Pipeline,
) -> None:
    # The deployed machine from PrepareRun on: where an execution is that has just had its turn.
    deployed = pipeline.states.describe_state_machine(
        stateMachineArn=pipeline.deployment.state_machine_arn
    )
    after_the_turn = json.loads(deployed["definition"]) | {"StartAt": "PrepareRun"}
    for state in ("Turn", "Settle", "WaitForFiles", "WaitForTurn", "Superseded"):
        del after_the_turn["States"][state]
    after_the_turn["States"]["TakeTurn"] = {"Type": "Pass", "End": True}
    machine = pipeline.states.create_state_machine(
        name="after-the-turn",
        definition=json.dumps(after_the_turn),
        roleArn=ensure_role(pipeline.aws),  # the deployed one trusts the deployed machine alone
    )["stateMachineArn"]
    _, outdated, newest = executions_of(pipeline, "overwritten")

    ended = pipeline.end_of(
        pipeline.states.start_execution(stateMachineArn=machine, input=outdated["input"])[
            "executionArn"
        ]
    )

    assert ended["status"] == "SUCCEEDED"
    assert ended["output"]["outcome"] == "outdated"
    assert json.loads(newest["input"])["fingerprint"] in ended["output"]["message"]
    states = entered(pipeline, ended["executionArn"])
    assert list(states) == ["PrepareRun", "Prepared", "TakeTurn"]


def test_an_upload_that_breaks_off_is_waited_for_and_loses_no_run(
    pipeline: Pipeline, digits: Path
) -> None:
    _, file, *_ = files = sorted(digits.iterdir())
    for each in files:
        pipeline.put("broken-off", each)
    (first,) = eventually(lambda: executions_of(pipeline, "broken-off"))
    assert pipeline.end_of(first["executionArn"])["status"] == "SUCCEEDED"
    pipeline.put("broken-off", file)
    _, second = eventually(
        lambda: found if len(found := executions_of(pipeline, "broken-off")) == 2 else []
    )
    key = "raw_data/broken-off/manifest.json"
    manifest = {"Bucket": pipeline.deployment.bucket, "Key": key}

    pipeline.s3.put_object(**manifest, Body=NEVER_COMPLETE)  # while the second one settles
    eventually(lambda: "WaitForFiles" in entered(pipeline, second["executionArn"]))
    pipeline.s3.delete_object(**manifest)

    assert "registration" in pipeline.end_of(second["executionArn"])["output"]
    assert len(executions_of(pipeline, "broken-off")) == 2


def test_a_data_set_that_is_complete_without_its_wrong_manifest_is_run(
    pipeline: Pipeline, digits: Path
) -> None:
    manifest = {"Bucket": pipeline.deployment.bucket, "Key": "raw_data/wrong/manifest.json"}
    pipeline.s3.put_object(**manifest, Body=NEVER_COMPLETE)
    for file in sorted(digits.iterdir()):
        pipeline.put("wrong", file)

    pipeline.s3.delete_object(**manifest)

    (only,) = eventually(lambda: executions_of(pipeline, "wrong"))
    assert pipeline.end_of(only["executionArn"])["status"] == "SUCCEEDED"


def test_an_overwrite_that_is_taken_back_while_its_execution_settles_is_no_run(
    pipeline: Pipeline, digits: Path
) -> None:
    file, *_ = files = sorted(digits.iterdir())
    for each in files:
        pipeline.put("taken-back", each)
    (first,) = eventually(lambda: executions_of(pipeline, "taken-back"))
    assert pipeline.end_of(first["executionArn"])["status"] == "SUCCEEDED"
    where = {"Bucket": pipeline.deployment.bucket, "Key": f"raw_data/taken-back/{file.name}"}

    bad = pipeline.s3.put_object(**where, Body=file.read_bytes())["VersionId"]
    _, second = eventually(
        lambda: found if len(found := executions_of(pipeline, "taken-back")) == 2 else []
    )
    pipeline.s3.delete_object(**where, VersionId=bad)

    ended = pipeline.end_of(second["executionArn"])["output"]
    assert ended["outcome"] == "superseded"
    assert ended["superseded_by"] == json.loads(first["input"])["fingerprint"]
    assert first["name"] in ended["message"]


def test_a_data_set_that_is_gone_fails_its_execution_and_says_so(pipeline: Pipeline) -> None:
    asked = {"dataset": "gone", "fingerprint": "0" * 64}

    ended = pipeline.end_of(pipeline.start(asked))

    assert ended["status"] == "FAILED"
    assert ended["error"] == "IncompleteDataSetError"
    assert "data set 'gone' is gone: found no file of it" in ended["cause"]


def test_an_execution_that_fails_gives_its_turn_on(pipeline: Pipeline) -> None:
    # Neither finds a data set: both fail in PrepareRun, when they have their turn.
    started = [pipeline.start({"dataset": f"none-{number}"}) for number in range(2)]

    first, second = (pipeline.end_of(arn) for arn in started)

    assert first["status"] == second["status"] == "FAILED"
    states = entered(pipeline, second["executionArn"])
    assert states["PrepareRun"] >= first["stopDate"]
