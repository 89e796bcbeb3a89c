"""The Lambdas' policy grants what the handlers call, and no more."""

import json
from pathlib import Path

import pytest

from lambdas.check_metrics import check_metrics
from lambdas.on_upload import on_upload
from lambdas.prepare_run import prepare_run
from lambdas.start_retraining import start_retraining

POLICY = Path(__file__).parents[3] / ".chalice" / "policy-dev.json"
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
ACTIONS = {
    "ListObjectsV2": {"s3:ListBucket"},
    "ListObjectVersions": {"s3:ListBucketVersions"},
    "GetObject": {"s3:GetObject"},
    "PutObject": {"s3:PutObject"},
    "CopyObject": {"s3:GetObject", "s3:PutObject"},
    "StartExecution": {"states:StartExecution"},
    "DescribeExecution": {"states:DescribeExecution"},
    "ListModelPackages": {"sagemaker:ListModelPackages"},
    "DescribeModelPackage": {"sagemaker:DescribeModelPackage"},
}
# Lambda's own writing of logs, and what boto3 does where copying a model in parts fails.
BESIDE = {
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "s3:AbortMultipartUpload",
}


@pytest.fixture
def statements() -> list[dict]:
    return json.loads(POLICY.read_text())["Statement"]


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.fixture
def called(settings, s3, stepfunctions, sagemaker, event) -> set[str]:
    """Run every handler once on its widest path; return the operations that were called."""
    for file in settings.required_files:
        s3.upload(settings.bucket, f"raw_data/fashion-mnist/{file}")
    s3.upload(settings.bucket, "runs/before/model.tar.gz")
    sagemaker.register("fashion-mnist", f"s3://{settings.bucket}/runs/before/model.tar.gz")
    on_upload(event("s3_put"), settings=settings, s3=s3, stepfunctions=stepfunctions)
    start_retraining({}, request_id="r", settings=settings, s3=s3, stepfunctions=stepfunctions)
    prepare_run(event("prepare_run"), s3=s3, sagemaker=sagemaker)
    check_metrics(event("check_metrics"), s3=s3)
    return {name for fake in (s3, stepfunctions, sagemaker) for name, _ in fake.calls}


def test_it_grants_what_the_handlers_call(statements, called):
    needed = set().union(*(ACTIONS[name] for name in called))
    granted = {action for statement in statements for action in as_list(statement["Action"])}
    assert granted == needed | BESIDE


def test_it_names_its_resources(statements):
    for statement in statements:
        assert statement["Effect"] == "Allow"
        assert not any("*" in action for action in as_list(statement["Action"]))
        for resource in as_list(statement["Resource"]):
            *_, region, account, name = resource.split(":", 5)
            assert {region, account} <= {"", "*"}
            assert "retrain-dev" in name or name.startswith("model-package")
