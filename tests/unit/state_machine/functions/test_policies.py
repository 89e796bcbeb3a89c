"""Each Lambda's policy grants what its handler calls; tests/privileges show that no more is."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from lambdas.announce import announce
from lambdas.announce_approval import announce_approval
from lambdas.approve_model import approve_model
from lambdas.check_metrics import check_metrics
from lambdas.on_upload import on_upload
from lambdas.prepare_run import prepare_run
from lambdas.start_retraining import start_retraining
from lambdas.take_turn import take_turn
from state_machine.functions.catalogue import LAMBDAS
from state_machine.names import Names
from tests.fakes.ecr import FakeEcr
from tests.fakes.executions import FakeExecutions
from tests.fakes.messaging import FakeSns
from tests.unit.lambdas import conftest as fixtures
from tests.unit.lambdas import jobs
from tests.unit.lambdas.originals import ORIGINAL, write_original

# Each handler runs on the fixtures of its own tests.
settings, s3, event = fixtures.settings, fixtures.s3, fixtures.event
stepfunctions, sagemaker = fixtures.stepfunctions, fixtures.sagemaker

NAMES = Names("retrain", "dev", "123456789012", "us-east-1")
GROUP = "fashion-mnist-dev"
REPOSITORY = "arn:aws:ecr:us-east-1:763104351884:repository/tensorflow-training"
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
    "UpdateModelPackage": {"sagemaker:UpdateModelPackage"},
    "CreateExperiment": {"sagemaker:CreateExperiment"},
    "CreateTrial": {"sagemaker:CreateTrial"},
    "ListProcessingJobs": {"sagemaker:ListProcessingJobs"},
    "ListTrainingJobs": {"sagemaker:ListTrainingJobs"},
    "DescribeProcessingJob": {"sagemaker:DescribeProcessingJob"},
    "DescribeTrainingJob": {"sagemaker:DescribeTrainingJob"},
    "BatchGetImage": {"ecr:BatchGetImage"},
}
# What the same operations need where the request, or its source, names a version.
OF_VERSIONS = {
    "GetObject": {"s3:GetObjectVersion"},
    "HeadObject": {"s3:GetObjectVersion"},
    "CopyObject": {"s3:GetObjectVersion", "s3:PutObject"},
}


# test_policies_static holds that AWS knows no resource for them.
OF_NO_RESOURCE = {"sagemaker:ListProcessingJobs", "sagemaker:ListTrainingJobs"}


@pytest.fixture
def called(settings, s3, stepfunctions, sagemaker, event) -> dict[str, set[str]]:
    """Run every handler once on its widest path; return the actions that each one's calls need."""
    for file in settings.required_files:
        s3.upload(settings.bucket, f"raw_data/fashion-mnist/{file}")
    s3.upload(settings.bucket, "runs/before/model.tar.gz")
    sagemaker.register("fashion-mnist", f"s3://{settings.bucket}/runs/before/model.tar.gz")
    write_original(s3)
    executions, sns, ecr = FakeExecutions(), FakeSns(), FakeEcr()
    executions.add("digits-1", status="FAILED", entered=["TakeTurn"])
    fakes = (s3, stepfunctions, sagemaker, ecr, executions, sns)
    plan = event("prepare_run")
    again = plan | {"input": {"reproduce": ORIGINAL}}
    waiting = plan | {"settle_seconds": 0, "max_concurrent_runs": 1}
    starting = {"settings": settings, "s3": s3, "stepfunctions": stepfunctions}
    announcing = {"topic_arn": "arn", "sns": sns}

    def start() -> None:
        start_retraining({"force": True}, request_id="r", **starting)
        start_retraining({"reproduce": ORIGINAL}, request_id="s", **starting)

    def prepare() -> None:
        run = prepare_run(
            plan, s3=s3, sagemaker=sagemaker, ecr=ecr.in_region, seconds_left=lambda: 900
        )
        jobs.preprocess(s3, sagemaker, run)
        jobs.train(s3, sagemaker, run)
        another = plan | {"execution": plan["execution"] | {"arn": f"{plan['execution']['arn']}-2"}}
        assert (
            prepare_run(
                another, s3=s3, sagemaker=sagemaker, ecr=ecr.in_region, seconds_left=lambda: 900
            )["outcome"]
            == "trained"
        )
        prepare_run(again, s3=s3, sagemaker=sagemaker, ecr=ecr.in_region, seconds_left=lambda: 900)

    def turn() -> None:
        take_turn(waiting, now=datetime.now(UTC), s3=s3, stepfunctions=executions)

    def left_to_a_person() -> dict:
        version = sagemaker.register("fashion-mnist", None, "PendingManualApproval")
        asked = event("check_metrics")
        rules = {"approved": True, "reason": "accuracy 0.910 >= 0.900", "rules": []}
        asked["run"] |= {
            "quality_gate": {"decision": "register", "auto_approve": rules},
            "registration": {"model_package_arn": version},
        }
        return asked

    def tell() -> None:
        failed = event("execution_failed")
        announce(
            failed, bucket=settings.bucket, stage="dev", stepfunctions=executions, **announcing
        )

    handlers: dict[str, Callable[[], object]] = {
        "on_upload": lambda: on_upload(event("s3_put"), **starting),
        "start_retraining": start,
        "on_request": start,
        "on_schedule": lambda: start_retraining({}, request_id="t", **starting),
        "take_turn": turn,
        "prepare_run": prepare,
        "check_metrics": lambda: check_metrics(event("check_metrics"), s3=s3),
        "approve_model": lambda: approve_model(left_to_a_person(), s3=s3, sagemaker=sagemaker),
        "announce": tell,
        "announce_approval": lambda: announce_approval(
            event("model_package_changed"), s3=s3, **announcing
        ),
    }
    found = {}
    for function, handle in handlers.items():
        for fake in fakes:
            fake.calls.clear()
        handle()
        calls = [call for fake in fakes for call in fake.calls]
        found[function] = set().union(*(actions(name, request) for name, request in calls))
    return found


def actions(operation: str, request: dict) -> set[str]:
    versioned = "VersionId" in request or "versionId=" in request.get("CopySource", "")
    return (OF_VERSIONS if versioned else ACTIONS)[operation]


def granted(function: str) -> set[str]:
    (row,) = (each for each in LAMBDAS if each.name == function)
    statements = row.policy(NAMES, GROUP, [REPOSITORY])["Statement"]
    return {action for statement in statements for action in statement["Action"]}


def test_each_may_what_its_handler_calls(called):
    assert called.keys() == {each.name for each in LAMBDAS}
    for function, needed in called.items():
        assert needed, function
        assert needed <= granted(function), function


@pytest.mark.parametrize("function", LAMBDAS, ids=lambda each: each.name)
def test_each_may_write_its_own_log_and_keep_its_own_failed_events(function):
    statements = {s["Sid"]: s for s in function.policy(NAMES, GROUP, [REPOSITORY])["Statement"]}

    (streams,) = statements["WriteLogs"]["Resource"]
    assert streams.endswith(f":log-group:/aws/lambda/retrain-dev-{function.name}:log-stream:*")
    assert ("KeepFailedEvents" in statements) is function.asynchronous


@pytest.mark.parametrize("function", LAMBDAS, ids=lambda each: each.name)
def test_every_resource_is_named_and_of_this_stage(function):
    for statement in function.policy(NAMES, GROUP, [REPOSITORY])["Statement"]:
        assert statement["Effect"] == "Allow"
        assert not any("*" in action for action in statement["Action"])
        if set(statement["Action"]) <= OF_NO_RESOURCE:
            assert statement["Resource"] == ["*"]
            continue
        for resource in statement["Resource"]:
            if resource == REPOSITORY:  # AWS's, of which any account may read
                assert statement["Action"] == ["ecr:BatchGetImage"]
                continue
            *_, region, account, name = resource.split(":", 5)
            assert (region, account) in {("", ""), (NAMES.region, NAMES.account)}
            # A job is named by its run, and a run by its data set.
            of_a_run = name in {"processing-job/*", "training-job/*"}
            ours = "retrain-dev" in name or name.startswith(f"model-package/{GROUP}/")
            assert ours or (of_a_run and function.name == "prepare_run")
