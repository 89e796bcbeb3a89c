"""A data set is what its manifest says, and a run is on exactly the bytes that started it."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.e2e.pipeline import Pipeline
from tests.support.waiting import eventually

NAME = "digits + manifest"
LABELS = "train-labels-idx1-ubyte.gz"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def listed(digits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a manifest.json of the digits' files."""
    files = [
        {"name": f.name, "size": f.stat().st_size, "sha256": sha256(f.read_bytes())}
        for f in sorted(digits.iterdir())
    ]
    manifest = tmp_path_factory.mktemp("manifest") / "manifest.json"
    manifest.write_text(json.dumps({"files": files}))
    return manifest.parent


@pytest.fixture(scope="module")
def first(pipeline: Pipeline, digits: Path, listed: Path) -> str:
    """The execution that the upload of the data set started, the manifest before its files."""
    pipeline.put(NAME, listed / "manifest.json")
    for file in sorted(digits.iterdir()):
        pipeline.put(NAME, file)
    (arn,) = eventually(pipeline.executions)
    return arn


def test_who_forces_a_second_run_gets_one_while_the_first_runs(
    pipeline: Pipeline, first: str
) -> None:
    refused = pipeline.invoke("start_retraining", {"dataset": NAME})
    forced = pipeline.invoke("start_retraining", {"dataset": NAME, "force": True})

    assert (refused["started"], refused["execution_arn"]) == (False, first)
    assert forced["started"] is True
    assert forced["execution_arn"] != first
    assert forced["fingerprint"] == refused["fingerprint"]
    pipeline.states.stop_execution(executionArn=forced["execution_arn"])
    assert pipeline.end_of(forced["execution_arn"])["status"] == "ABORTED"


def test_a_file_overwritten_while_a_run_reads_is_not_in_that_run(
    pipeline: Pipeline, first: str, digits: Path, listed: Path, tmp_path: Path
) -> None:
    name = first.rsplit(":", 1)[-1]
    eventually(lambda: f"{name}-preprocess" in str(pipeline.sagemaker.list_processing_jobs()), 120)
    overwritten = tmp_path / LABELS
    content = (digits / LABELS).read_bytes()
    overwritten.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))  # of the size that is listed
    pipeline.put(NAME, overwritten)

    package = pipeline.registered(first)

    assert pipeline.model_packages() == [package["ModelPackageArn"]]
    dataset = pipeline.end_of(first)["output"]["dataset"]
    read = {
        item["key"].rsplit("/", 1)[-1]: sha256(
            pipeline.object(dataset["s3_uri"] + item["key"].rsplit("/", 1)[-1])
        )
        for item in dataset["objects"]
    }
    files = [*digits.iterdir(), *listed.iterdir()]
    assert read == {file.name: sha256(file.read_bytes()) for file in files}


def test_who_asked_is_written_down(pipeline: Pipeline, first: str) -> None:
    output = pipeline.end_of(first)["output"]

    plan = json.loads(pipeline.object(f"{output['paths']['run']}/run.json"))
    entry = json.loads(
        pipeline.object(f"s3://{pipeline.deployment.bucket}/ledger/{output['run_id']}.json")
    )
    assert plan["trigger"] == "upload"
    assert entry["execution_arn"] == first
    assert entry["input"] == plan["input"]


def test_a_file_that_differs_from_the_manifest_fails_preprocessing_by_name(
    pipeline: Pipeline, first: str
) -> None:
    # What was overwritten above is a data set of its own, and the newest.
    fingerprint = pipeline.end_of(first)["output"]["dataset"]["fingerprint"]
    others = [pipeline.end_of(arn) for arn in pipeline.executions() if arn != first]
    (execution,) = [
        execution
        for execution in others
        if json.loads(execution["input"])["fingerprint"] != fingerprint
    ]

    assert execution["status"] == "FAILED"
    message = json.loads(execution["cause"])["ExitMessage"]
    assert message.startswith(f"{LABELS}: found sha256 ")
    assert "manifest.json" in message
    assert len(pipeline.model_packages()) == 1
