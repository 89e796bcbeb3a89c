"""`retrain models` on two real runs: what they leave behind is what the command expects."""

import json
import re
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from state_machine.config import PipelineConfig
from tests.e2e.pipeline import Pipeline
from tests.support.waiting import eventually

FEWER_EPOCHS = 1

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings(settings: PipelineConfig) -> PipelineConfig:
    """Without rules of a champion, so that every run is registered."""
    gate = settings.gate.model_copy(
        update={"champion": [], "thresholds": [{"metric": "accuracy", "op": ">=", "value": 0.2}]}
    )
    return settings.model_copy(update={"gate": gate})


@pytest.fixture(scope="module")
def runs(pipeline: Pipeline, digits: Any) -> list[dict[str, Any]]:
    """The packages of two runs on the same data: the upload's, and one with other epochs."""
    for file in sorted(digits.iterdir()):
        pipeline.put("digits", file)
    (upload,) = eventually(pipeline.executions)
    fewer = pipeline.start({"hyperparameters": {"epochs": FEWER_EPOCHS}})
    return [pipeline.registered(arn) for arn in (upload, fewer)]


def models(*words: str) -> Any:
    result = CliRunner().invoke(app, ["models", *words, "--group", "digits-dev"])
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout) if "--json" in words else result.output


def test_a_version_leads_to_all_that_made_it(
    pipeline: Pipeline, runs: list[dict[str, Any]]
) -> None:
    arn = runs[0]["ModelPackageArn"]

    shown = models("show", arn, "--json")

    assert shown["problems"] == []
    execution = pipeline.end_of(shown["execution_arn"])["output"]
    assert shown["run_id"] == execution["run_id"]
    assert shown["hyperparameters"] == execution["hyperparameters"]
    assert [job["name"].rsplit("-", 3)[1] for job in shown["jobs"]] == [
        "preprocess",
        "train",
        "evaluate",
    ]
    assert {job["status"] for job in shown["jobs"]} == {"Completed"}
    logs = pipeline.aws.client("logs")
    for job in shown["jobs"]:
        streams = logs.describe_log_streams(
            logGroupName=job["log_group"], logStreamNamePrefix=job["log_stream_prefix"]
        )
        assert streams["logStreams"]
    for file in shown["dataset"]["files"]:
        head = pipeline.s3.head_object(
            Bucket=file["bucket"], Key=file["key"], VersionId=file["version_id"]
        )
        assert head["ETag"].strip('"') == file["etag"]
    assert pipeline.object(shown["code"]["archive"])
    assert pipeline.object(shown["model"])
    assert pipeline.object(shown["report"]).lstrip().startswith(b"<!")
    assert [rule["held"] for rule in shown["decision"]["rules"]] == [True]


def test_two_versions_are_compared_on_their_images(runs: list[dict[str, Any]]) -> None:
    first, second = (run["ModelPackageArn"] for run in runs)

    found = models("compare", first, second, "--json")

    assert found["paired"]
    (accuracy,) = (metric for metric in found["metrics"] if metric["metric"] == "accuracy")
    assert accuracy["low"] <= accuracy["difference"] <= accuracy["high"]
    changed = {pair["name"] for pair in found["hyperparameters"] if not pair["same"]}
    assert changed == {"epochs"}
    assert all(pair["same"] for pair in [*found["data"], *found["code"]])


def test_a_rollback_is_what_the_next_run_is_held_against(
    pipeline: Pipeline, runs: list[dict[str, Any]]
) -> None:
    first, second = (run["ModelPackageArn"] for run in runs)
    for arn in (first, second):
        models("approve", arn, "--reason", "a look at the report")
    assert models("show", "champion", "--json")["version"] == 2

    models("rollback", "--reason", "complaints", "--yes")

    prepared = pipeline.invoke("prepare_run", event_of(pipeline))
    assert prepared["champion"]["model_package_arn"] == first


def test_a_version_is_reproduced_bit_for_bit(
    pipeline: Pipeline, runs: list[dict[str, Any]]
) -> None:
    second = runs[1]
    before = pipeline.model_packages()
    # What was uploaded, and what is Approved now, have no part in it.
    for key in pipeline.keys(f"s3://{pipeline.deployment.bucket}/raw_data/"):
        pipeline.s3.delete_object(Bucket=pipeline.deployment.bucket, Key=key)
    asked = ["reproduce", second["ModelPackageArn"], "--reason", "an audit"]

    result = CliRunner().invoke(app, asked)

    assert result.exit_code == 0, result.output
    assert "Reproduced: the result is that of the original" in result.output
    (arn,) = re.findall(r"Started (\S+)", result.output)
    output = pipeline.end_of(arn)["output"]
    original = second["CustomerMetadataProperties"]["run_id"]
    assert output["reproduces"] == original
    assert output["quality_gate"]["decision"] == "reproduced"
    assert output["hyperparameters"]["epochs"] == str(FEWER_EPOCHS)
    assert f"runs/{original}/source_data/" in output["dataset"]["s3_uri"]
    assert pipeline.model_packages() == before
    assert "Reproduced" in pipeline.object(output["paths"]["report"]).decode()
    decision = json.loads(pipeline.object(output["paths"]["decision"]))
    assert (decision["decision"], decision["reproduces"]) == ("reproduced", original)
    differs_from_the_first(pipeline, output, runs[0])


def differs_from_the_first(
    pipeline: Pipeline, output: dict[str, Any], first: dict[str, Any]
) -> None:
    """The same run, held against one of other epochs by the deployed Lambda."""
    original = first["CustomerMetadataProperties"]["run_id"]
    event = {
        "run": output | {"reproduces": original},
        "evaluation_s3_uri": f"{output['paths']['evaluation']}/evaluation.json",
    }

    answer = pipeline.invoke("check_metrics", event)

    assert answer["decision"] == "differs"
    assert answer["reason"].startswith("weights_sha256 ")
    assert "accuracy 0." in answer["reason"]
    assert "dataset" not in answer["reason"]


def event_of(pipeline: Pipeline) -> dict[str, Any]:
    """What the state machine hands to PrepareRun, for an execution of another name."""
    machine = pipeline.states.describe_state_machine(
        stateMachineArn=pipeline.deployment.state_machine_arn
    )
    payload = json.loads(machine["definition"])["States"]["PrepareRun"]["Parameters"]["Payload"]
    arn = pipeline.deployment.state_machine_arn.replace("stateMachine", "execution")
    return {
        "execution": {"arn": f"{arn}:later", "started_at": "2026-01-01T00:00:00Z"},
        "input": {},
        "defaults": payload["defaults"],
    }
