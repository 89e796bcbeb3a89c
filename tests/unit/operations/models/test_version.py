"""What the registry and a run's files tell of a version, and what is made of gaps in them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from operations.models.registry import Version, versions
from operations.models.version import Entry, JobRecord, ModelVersion, contradictions, read_entry
from operations.run_files import plan as plan_file
from operations.run_files.decision import Decision
from operations.run_files.plan import Data
from tests.fakes.sagemaker import FakeSageMaker

VERSION = Version("digits", 1, "arn:aws:1", "Approved", datetime(2026, 1, 1, tzinfo=UTC))


def entry(**package: Any) -> Entry:
    """The entry of a package as the registry describes it, with changes."""
    fake = FakeSageMaker("digits")
    fake.register("digits", "s3://bucket/model.tar.gz")
    fake.groups["digits"][0].update(package)
    (version,) = versions(fake, "digits")  # type: ignore[arg-type]
    return read_entry(fake, version)  # type: ignore[arg-type]


def test_an_entry_tells_run_model_and_accuracy() -> None:
    found = entry(CustomerMetadataProperties={"run_id": "run-1", "metric.accuracy": "0.91"})
    assert (found.run_id, found.accuracy) == ("run-1", 0.91)
    assert found.model_uri == "s3://bucket/model.tar.gz"
    assert found.run_uri is None


@pytest.mark.parametrize("accuracy", ["high", "nan"])
def test_an_accuracy_that_is_no_number_is_unknown(accuracy: str) -> None:
    assert entry(CustomerMetadataProperties={"metric.accuracy": accuracy}).accuracy is None


@pytest.mark.parametrize("status", ["Approved", "PendingManualApproval"])
def test_what_was_decided_is_said_by_its_description_alone(status: str) -> None:
    # The rules may hold for a version that waits all the same: the champion has changed.
    metadata = {"auto_approve": "yes: accuracy 0.93"}
    said = "accuracy 0.93 (by the rules of auto_approve)"
    assert entry(CustomerMetadataProperties=metadata, ModelApprovalStatus=status).approval == ""
    described = entry(CustomerMetadataProperties=metadata, ApprovalDescription=said)
    assert described.approval == said


def test_without_its_run_a_version_tells_what_the_registry_knows() -> None:
    metadata = {
        "dataset": "digits",
        "dataset_fingerprint": "fff",
        "code_sha256": "abc",
        "hyperparameter.epochs": "10",
    }
    model = ModelVersion(Entry(VERSION, metadata=metadata))
    assert model.dataset == Data("digits", "fff")
    assert model.code == {"sha256": "abc", "archive": None}
    assert model.hyperparameters == {"epochs": "10"}
    assert (model.files, model.preprocessing, model.report_uri) == ((), {}, None)
    assert model.metrics == {}


def test_the_log_of_a_job_is_one_command_away() -> None:
    created = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    job = JobRecord("run-1-train-0-0", "Completed", created, "/aws/sagemaker/TrainingJobs")
    assert job.log_command == (
        "aws logs tail /aws/sagemaker/TrainingJobs --since 2026-01-02T03:04:05Z "
        "--log-stream-name-prefix run-1-train-0-0/"
    )


def test_a_version_of_a_run_that_reused_names_the_run_that_computed() -> None:
    told = {"key": "1" * 64, "reused_from": "digits-1", "why": None}
    ours = {"key": "2" * 64, "reused_from": None, "why": "not computed before"}
    paths = {"report": "s3://bucket/runs/digits-2/report.html"}
    plan = {"steps": {"Preprocess": told, "Train": ours}, "paths": paths}
    model = ModelVersion(Entry(VERSION), plan=plan_file.read(plan, []))
    assert model.reused == {"Preprocess": "digits-1"}
    assert model.as_json(champion=False)["reused"] == {"Preprocess": "digits-1"}
    assert ModelVersion(Entry(VERSION), plan=plan_file.read({"run_id": "older"}, [])).reused == {}


def test_a_decision_that_was_written_over_is_told_beside_the_registry() -> None:
    metadata = {"decision": "register", "metric.accuracy": "0.91", "metric.loss": "0.25"}
    entry = Entry(version=VERSION, metadata=metadata)
    written = {"accuracy": 0.91, "loss": 0.25, "f1": 0.9}

    assert list(contradictions(entry, Decision(decision="register", metrics=written))) == []
    assert list(contradictions(entry, Decision())) == []
    changed = Decision(decision="keep_champion", metrics=written | {"accuracy": 0.99})
    assert list(contradictions(entry, changed)) == [
        "decision.json says keep_champion, the registry register: the registry's word counts",
        "decision.json has accuracy = 0.99, the registry 0.91: the registry's word counts",
    ]
