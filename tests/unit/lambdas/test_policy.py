"""The Lambdas' policy grants what the handlers call, and no more."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lambdas.announce import announce
from lambdas.announce_approval import announce_approval
from lambdas.check_metrics import check_metrics
from lambdas.on_upload import on_upload
from lambdas.prepare_run import prepare_run
from lambdas.start_retraining import start_retraining
from lambdas.take_turn import take_turn
from tests.fakes.executions import FakeExecutions
from tests.fakes.messaging import FakeSns
from tests.unit.lambdas.originals import ORIGINAL, write_original

POLICY = Path(__file__).parents[3] / ".chalice" / "policy-dev.json"
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
ACTIONS = {
    "ListObjectsV2": {"s3:ListBucket"},
    "ListObjectVersions": {"s3:ListBucketVersions"},
    "GetObject": {"s3:GetObject"},
    "HeadObject": {"s3:GetObject"},
    "PutObject": {"s3:PutObject"},
    "CopyObject": {"s3:GetObject", "s3:PutObject"},
    "StartExecution": {"states:StartExecution"},
    "DescribeExecution": {"states:DescribeExecution"},
    "ListExecutions": {"states:ListExecutions"},
    "GetExecutionHistory": {"states:GetExecutionHistory"},
    "Publish": {"sns:Publish"},
    "ListModelPackages": {"sagemaker:ListModelPackages"},
    "DescribeModelPackage": {"sagemaker:DescribeModelPackage"},
    "CreateExperiment": {"sagemaker:CreateExperiment"},
    "CreateTrial": {"sagemaker:CreateTrial"},
}
# What the same operations need where the request, or its source, names a version.
OF_VERSIONS = {
    "GetObject": {"s3:GetObjectVersion"},
    "HeadObject": {"s3:GetObjectVersion"},
    "CopyObject": {"s3:GetObjectVersion", "s3:PutObject"},
}
# Lambda's own writing of logs and sending of failed events, and what boto3 does where copying a
# model in parts fails.
BESIDE = {
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "s3:AbortMultipartUpload",
    "sqs:SendMessage",
}


@pytest.fixture
def statements() -> list[dict]:
    return json.loads(POLICY.read_text())["Statement"]


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.fixture
def called(settings, s3, stepfunctions, sagemaker, event) -> set[str]:
    """Run every handler once on its widest path; return the actions that its calls need."""
    for file in settings.required_files:
        s3.upload(settings.bucket, f"raw_data/fashion-mnist/{file}")
    s3.upload(settings.bucket, "runs/before/model.tar.gz")
    sagemaker.register("fashion-mnist", f"s3://{settings.bucket}/runs/before/model.tar.gz")
    on_upload(event("s3_put"), settings=settings, s3=s3, stepfunctions=stepfunctions)
    start_retraining({}, request_id="r", settings=settings, s3=s3, stepfunctions=stepfunctions)
    prepare_run(event("prepare_run"), s3=s3, sagemaker=sagemaker)
    write_original(s3)
    again = event("prepare_run") | {"input": {"reproduce": ORIGINAL}}
    prepare_run(again, s3=s3, sagemaker=sagemaker)
    check_metrics(event("check_metrics"), s3=s3)
    executions, sns = FakeExecutions(), FakeSns()
    executions.add("digits-1", status="FAILED", entered=["TakeTurn"])
    waiting = event("prepare_run") | {"settle_seconds": 0, "max_concurrent_runs": 1}
    take_turn(waiting, now=datetime.now(UTC), s3=s3, stepfunctions=executions)
    topics = {"topic_arn": "arn", "bucket": settings.bucket}
    announce(event("execution_failed"), **topics, sns=sns, stepfunctions=executions)
    announce_approval(event("model_package_changed"), topic_arn="arn", sns=sns, s3=s3)
    fakes = (s3, stepfunctions, sagemaker, executions, sns)
    calls = [call for fake in fakes for call in fake.calls]
    return set().union(*(actions(name, request) for name, request in calls))


def actions(operation: str, request: dict) -> set[str]:
    versioned = "VersionId" in request or "versionId=" in request.get("CopySource", "")
    return (OF_VERSIONS if versioned else ACTIONS)[operation]


def test_it_grants_what_the_handlers_call(statements, called):
    granted = {action for statement in statements for action in as_list(statement["Action"])}
    assert granted == called | BESIDE


def test_every_statement_has_a_name_of_its_own(statements):
    # IAM refuses a policy with a Sid twice:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html
    names = [statement["Sid"] for statement in statements]
    assert len(set(names)) == len(names)


def test_it_names_its_resources(statements):
    for statement in statements:
        assert statement["Effect"] == "Allow"
        assert not any("*" in action for action in as_list(statement["Action"]))
        for resource in as_list(statement["Resource"]):
            *_, region, account, name = resource.split(":", 5)
            assert {region, account} <= {"", "*"}
            assert "retrain-dev" in name or name.startswith("model-package")
