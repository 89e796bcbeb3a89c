"""`retrain models` against the embedded AWS: packages, files of runs, and decisions of people."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result
from typer.testing import CliRunner

from cli.main import app
from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import Account, unique
from tests.support.paths import PROJECT

APPROVED, REJECTED, PENDING = "Approved", "Rejected", "PendingManualApproval"
IMAGES, CLASSES = 300, 3


class Registry:
    """A group of the test's own, with versions as runs register them."""

    def __init__(self, aws: EmbeddedAws, folder: Path) -> None:
        self.sagemaker, self.s3 = aws.client("sagemaker"), aws.client("s3")
        self.aws, self.group, self.bucket = aws, unique("group"), unique("bucket")
        self._folder = folder
        self.sagemaker.create_model_package_group(ModelPackageGroupName=self.group)
        self.s3.create_bucket(Bucket=self.bucket)

    def register(self, status: str = PENDING, *, right: int = 270, **settings: str) -> str:
        """Register a version whose model had `right` images right; return its run's id."""
        run = unique("run")
        uri = f"s3://{self.bucket}/runs/{run}"
        accuracy = right / IMAGES
        rule = {"rule": "accuracy >= 0.85", "metric": "accuracy", "value": accuracy, "bound": 0.85}
        labels = np.arange(IMAGES) % CLASSES
        guesses = np.where(np.arange(IMAGES) < right, labels, (labels + 1) % CLASSES)
        probabilities = np.full((IMAGES, CLASSES), 0.1, np.float32)
        probabilities[np.arange(IMAGES), guesses] = 0.8
        np.savez_compressed(self._folder / "p.npz", labels=labels, probabilities=probabilities)
        self._put(f"runs/{run}/evaluation/predictions.npz", (self._folder / "p.npz").read_bytes())
        self._put_json(f"runs/{run}/run.json", self.plan(run, settings))
        self._put_json(
            f"runs/{run}/decision.json",
            {
                "decision": "register",
                "reason": f"accuracy {accuracy:.3f} >= 0.850 required",
                "rules": [{**rule, "held": True, "said": "accuracy"}],
                "metrics": {"accuracy": accuracy},
            },
        )
        scores = {"value": accuracy, "standard_deviation": 0.02}
        self._put_json(
            f"runs/{run}/evaluation/evaluation.json",
            {
                "multiclass_classification_metrics": {"accuracy": scores},
                "per_class": {str(number): {} for number in range(CLASSES)},
                "dataset": {"test_samples": IMAGES, "labels_sha256": "the same for all"},
            },
        )
        statistics = {
            "ContentType": "application/json",
            "S3Uri": f"{uri}/evaluation/evaluation.json",
        }
        self.sagemaker.create_model_package(
            ModelPackageGroupName=self.group,
            ModelApprovalStatus=status,
            ModelMetrics={"ModelQuality": {"Statistics": statistics}},
            InferenceSpecification={
                "Containers": [{"Image": "image", "ModelDataUrl": f"{uri}/model.tar.gz"}],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            CustomerMetadataProperties={
                "run_id": run,
                "execution_arn": self.execution_arn(run),
                "decision": "register",
                "metric.accuracy": str(accuracy),
            },
        )
        return run

    def plan(self, run: str, settings: dict[str, str]) -> dict[str, Any]:
        data = f"raw_data/digits/{'ab'[len(settings) > 0]}.gz"
        uri = f"s3://{self.bucket}/runs/{run}"
        return {
            "run_id": run,
            "execution_arn": self.execution_arn(run),
            "dataset": {
                "name": "digits",
                "fingerprint": "f" * 64,
                "s3_uri": f"{uri}/source_data/",
                "uploaded_to": f"s3://{self.bucket}/raw_data/digits/",
                "objects": [{"key": data, "version_id": "v-1", "etag": "e-1", "size": 1000}],
            },
            "preprocessing": {"seed": "42"},
            "hyperparameters": {"epochs": "10", **settings},
            "paths": {"run": uri, "evaluation": f"{uri}/evaluation"},
            "code": {"s3_uri": f"s3://{self.bucket}/code/abc/", "sha256": "abc"},
        }

    def execution_arn(self, run: str) -> str:
        return f"arn:aws:states:us-east-1:123456789012:execution:retrain-dev:{run}"

    def statuses(self) -> dict[int, str]:
        listed = self.sagemaker.list_model_packages(ModelPackageGroupName=self.group)
        return {
            package["ModelPackageVersion"]: package["ModelApprovalStatus"]
            for package in listed["ModelPackageSummaryList"]
        }

    def describe(self, version: int) -> dict[str, Any]:
        (arn,) = (
            package["ModelPackageArn"]
            for package in self.sagemaker.list_model_packages(ModelPackageGroupName=self.group)[
                "ModelPackageSummaryList"
            ]
            if package["ModelPackageVersion"] == version
        )
        described: dict[str, Any] = self.sagemaker.describe_model_package(ModelPackageName=arn)
        return described

    def command(self, *words: str, answer: str = "") -> Result:
        """Run `retrain models` on the group."""
        arguments = ["models", *words, "--group", self.group]
        result = CliRunner().invoke(app, arguments, input=answer)
        assert "Traceback" not in result.output
        return result

    def json(self, *words: str) -> Any:
        result = self.command(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def _put_json(self, key: str, content: Any) -> None:
        self._put(key, json.dumps(content).encode())

    def _put(self, key: str, content: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=content)


@pytest.fixture
def registry(
    embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Registry:
    """A group, and the shell of a person who works on it."""
    monkeypatch.chdir(PROJECT)
    for name, value in embedded_aws.environment().items():
        monkeypatch.setenv(name, value)
    return Registry(embedded_aws, tmp_path)


def test_the_list_is_whole_newest_first_and_marks_the_champion(registry: Registry) -> None:
    container = {"Image": "image", "ModelDataUrl": "s3://bucket/model.tar.gz"}
    for _ in range(103):  # more than a page of 100, not registered by runs
        registry.sagemaker.create_model_package(
            ModelPackageGroupName=registry.group,
            InferenceSpecification={
                "Containers": [container],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
        )
    run = registry.register(APPROVED)
    registry.register(PENDING)

    listed = registry.json("list")["versions"]
    result = registry.command("list")

    assert [version["version"] for version in listed] == list(range(105, 0, -1))
    (champion,) = (version for version in listed if version["champion"])
    assert (champion["version"], champion["accuracy"]) == (104, 0.9)
    (line,) = (line for line in result.output.splitlines() if "Approved (champion)" in line)
    assert line.split()[0] == "104"
    assert "0.9000" in line
    assert "register" in line
    assert run in line


def test_an_empty_group_says_what_to_do(registry: Registry) -> None:
    result = registry.command("list")
    assert result.exit_code == 0
    assert "has no version yet. Next: retrain start" in result.output


def test_a_version_is_explained_down_to_data_code_and_logs(registry: Registry) -> None:
    account = Account(registry.aws)
    run = registry.register(APPROVED)
    job = account.processing(f"{run}-preprocess-0-0", "true")
    account.sagemaker.create_processing_job(**job)
    account.sagemaker.create_processing_job(**account.processing(f"{run}-other", "true"))

    shown = registry.json("show", "champion")
    text = registry.command("show", "1").output

    assert shown["execution_arn"] == registry.execution_arn(run)
    assert shown["watch"] == f"retrain watch {run}"
    assert shown["reproduce"] == f"retrain reproduce {registry.describe(1)['ModelPackageArn']}"
    assert shown["dataset"]["files"] == [
        {
            "bucket": registry.bucket,
            "key": "raw_data/digits/a.gz",
            "version_id": "v-1",
            "etag": "e-1",
            "size": 1000,
        }
    ]
    assert shown["code"]["archive"] == f"s3://{registry.bucket}/code/abc/sourcedir.tar.gz"
    assert shown["hyperparameters"] == {"epochs": "10"}
    assert shown["decision"]["rules"][0]["rule"] == "accuracy >= 0.85"
    assert [found["name"] for found in shown["jobs"]] == [f"{run}-preprocess-0-0"]
    assert shown["jobs"][0]["log_group"] == "/aws/sagemaker/ProcessingJobs"
    assert shown["problems"] == []
    uri = f"s3://{registry.bucket}/runs/{run}/evaluation"
    assert (shown["report"], shown["evaluation"]) == (
        f"{uri}/report.html",
        f"{uri}/evaluation.json",
    )
    for words in ("✓ accuracy >= 0.85  found 0.9", "epochs  10", f"retrain watch {run}", uri):
        assert words in text
    assert f"Next: {shown['reproduce']}" in text


def test_a_version_of_another_stage_is_not_reproduced_here(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = registry.register()
    monkeypatch.chdir(PROJECT)

    result = CliRunner().invoke(app, ["reproduce", "1", "--group", registry.group])

    assert result.exit_code == 1
    assert f"comes from s3://{registry.bucket}/runs/{run}, expected one below" in result.output
    assert "Next: `--stage`" in result.output


def test_what_is_gone_is_said_and_the_rest_is_shown(registry: Registry) -> None:
    run = registry.register()
    registry.s3.delete_object(Bucket=registry.bucket, Key=f"runs/{run}/run.json")
    registry._put(f"runs/{run}/decision.json", b"{")

    result = registry.command("show", "1")

    assert result.exit_code == 0, result.output
    assert f"! s3://{registry.bucket}/runs/{run}/run.json is not there" in result.output
    assert f"! s3://{registry.bucket}/runs/{run}/decision.json is malformed" in result.output
    assert registry.execution_arn(run) in result.output


def test_two_versions_are_compared_on_the_same_images(registry: Registry) -> None:
    registry.register(APPROVED, right=240)
    registry.register(right=270, epochs="2")

    found = registry.json("compare", "champion", "2")
    text = registry.command("compare", "champion", "2").output

    assert found["paired"]
    (accuracy,) = (metric for metric in found["metrics"] if metric["metric"] == "accuracy")
    assert accuracy["difference"] == 0.1
    assert accuracy["low"] > 0.05
    assert accuracy["verdict"] == "better"
    assert "paired bootstrap" in text
    assert "≠  epochs  10  →  2" in text
    assert "≠  b.gz  unknown  →  s3://" in text
    assert "=  fingerprint  ffff" in text


def test_an_approval_says_what_was_and_is_and_stands_in_the_registry(registry: Registry) -> None:
    registry.register()

    result = registry.command("approve", "1", "--reason", "slices checked by hand")

    assert result.exit_code == 0, result.output
    assert f"✓ version 1 of {registry.group} is Approved, was {PENDING}" in result.output
    assert f"The champion is version 1 of {registry.group}" in result.output
    described = registry.describe(1)
    assert described["ModelApprovalStatus"] == APPROVED
    assert described["ApprovalDescription"].startswith("slices checked by hand (by ")
    assert described["ApprovalDescription"].endswith(f", was {PENDING})")
    assert described["CustomerMetadataProperties"]["decision"] == "register"
    assert "slices checked by hand (by " in registry.command("list").output


def test_the_same_decision_again_changes_nothing(registry: Registry) -> None:
    registry.register()
    registry.command("reject", "1", "--reason", "first")

    again = registry.command("reject", "1", "--reason", "second")

    assert again.exit_code == 0
    assert "is Rejected already: nothing was changed" in again.output
    assert "There is no champion" in again.output
    assert registry.describe(1)["ApprovalDescription"].startswith("first")


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["approve", "1", "--reason", " "], "reason is empty"),
        (["approve", "9", "--reason", "x"], "has no version 9; it has 1"),
        (["show", "champion"], "so there is no champion"),
        (["rollback", "--reason", "x"], "There is nothing to roll back to: no version"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    registry: Registry, words: list[str], problem: str
) -> None:
    registry.register()

    result = registry.command(*words)

    assert result.exit_code == 1
    assert problem in result.output
    assert "Next: " in result.output
    assert registry.statuses() == {1: PENDING}


def test_a_rollback_makes_the_one_before_the_champion(registry: Registry) -> None:
    for status in (APPROVED, APPROVED, PENDING, APPROVED):
        registry.register(status)

    result = registry.command("rollback", "--reason", "complaints", answer="y\n")

    assert result.exit_code == 0, result.output
    assert f"This makes version 2 of {registry.group} the champion" in result.output
    assert registry.statuses() == {1: APPROVED, 2: APPROVED, 3: PENDING, 4: REJECTED}
    why = registry.describe(4)["ApprovalDescription"]
    assert why.startswith("rolled back to version 2: complaints (by ")


def test_a_rollback_that_is_not_confirmed_changes_nothing(registry: Registry) -> None:
    for status in (APPROVED, APPROVED):
        registry.register(status)

    result = registry.command("rollback", "--reason", "complaints", answer="n\n")

    assert result.exit_code == 0
    assert "Nothing was changed" in result.output
    assert registry.statuses() == {1: APPROVED, 2: APPROVED}


def test_a_rollback_further_back_and_again(registry: Registry) -> None:
    for status in (APPROVED, APPROVED, APPROVED):
        registry.register(status)
    words = ("rollback", "--to", "1", "--reason", "complaints", "--yes")

    first, again = registry.command(*words), registry.command(*words)

    assert first.exit_code == again.exit_code == 0
    assert registry.statuses() == {1: APPROVED, 2: REJECTED, 3: REJECTED}
    assert "is the champion already" in again.output
