import json

import pytest

from lambdas.announce_approval import announce_approval
from tests.fakes.messaging import FakeSns
from tests.unit.lambdas.conftest import BUCKET

TOPIC = "arn:aws:sns:us-east-1:123456789012:retrain-dev-announcements"
RUN = f"s3://{BUCKET}/runs/fashion-mnist-1"
PLAN = {"paths": {"evaluation": f"{RUN}/evaluation", "report": f"{RUN}/report.html"}}


@pytest.fixture
def sns() -> FakeSns:
    return FakeSns()


@pytest.fixture
def tell(event, sns, s3):
    """Return a function that hands over an event; it returns what was published."""
    s3.upload(BUCKET, "runs/fashion-mnist-1/run.json", json.dumps(PLAN).encode())

    def told(**detail):
        change = event("model_package_changed")
        change["detail"] |= detail
        answer = announce_approval(change, topic_arn=TOPIC, sns=sns, s3=s3)
        assert answer["announced"] is bool(sns.published)
        return sns.published

    return told


def test_an_approval_is_one_line_with_version_reason_person_and_report(tell):
    (message,) = tell()
    assert message["TopicArn"] == TOPIC
    assert message["Subject"] == "Approved: fashion-mnist version 3"
    assert message["Message"] == (
        "fashion-mnist version 3 is Approved: slices checked by hand "
        f"(by user/ann, was PendingManualApproval). Report: {RUN}/report.html\n"
    )


def test_a_reason_that_may_be_of_an_earlier_decision_is_told_as_such(tell):
    (message,) = tell(
        ModelApprovalStatus="Rejected", UpdatedModelPackageFields=["ModelApprovalStatus"]
    )
    assert message["Message"].startswith(
        "fashion-mnist version 3 is Rejected: (perhaps of an earlier decision) slices checked by "
    )


def test_a_decision_without_a_reason_is_told_without_one(tell):
    (message,) = tell(
        ModelApprovalStatus="Rejected",
        ApprovalDescription=None,
        UpdatedModelPackageFields=["ModelApprovalStatus"],
    )
    assert message["Message"].startswith("fashion-mnist version 3 is Rejected. Report: ")


@pytest.mark.parametrize("updated", [None, []])
def test_a_new_version_is_announced_with_the_gates_reason(tell, updated):
    (message,) = tell(
        ModelApprovalStatus="PendingManualApproval", UpdatedModelPackageFields=updated
    )
    assert message["Subject"] == "PendingManualApproval: fashion-mnist version 3"
    assert message["Message"].startswith(
        "fashion-mnist version 3 is registered as PendingManualApproval: "
        "accuracy 0.912 at least 0.850 required. Report: "
    )


def test_a_version_that_is_left_to_a_person_is_announced_with_the_reason(tell):
    (message,) = tell(
        ModelApprovalStatus="PendingManualApproval",
        ApprovalDescription="not approved by rule: version 2 is the champion now",
        UpdatedModelPackageFields=["ApprovalDescription"],
    )
    assert message["Message"].startswith(
        "fashion-mnist version 3 is PendingManualApproval: "
        "not approved by rule: version 2 is the champion now. Report: "
    )


def test_other_changes_are_not_announced(tell):
    assert tell(UpdatedModelPackageFields=["CustomerMetadataProperties"]) == []


def test_a_report_that_cannot_be_found_keeps_no_announcement_back(tell, s3):
    s3.refuse("GetObject", "AccessDenied", 403)
    (message,) = tell()
    assert message["Message"].endswith(f"Run: {RUN}\n")


@pytest.mark.parametrize("plan", [b"{", b"[]", b"{}", b'{"paths": {}}'])
def test_a_damaged_plan_keeps_no_announcement_back(tell, s3, plan):
    s3.upload(BUCKET, "runs/fashion-mnist-1/run.json", plan)
    (message,) = tell()
    assert message["Message"].endswith(f"Run: {RUN}\n")


def test_a_version_that_no_run_registered_is_named_by_its_arn(tell):
    (message,) = tell(ModelMetrics=None, CustomerMetadataProperties=None)
    assert message["Message"].endswith(
        ". ARN: arn:aws:sagemaker:us-east-1:123456789012:model-package/fashion-mnist/3\n"
    )


def test_whatever_a_person_wrote_is_one_line_that_sns_takes(tell):
    (message,) = tell(ApprovalDescription="é\n\u2028\x00" * 341, ModelPackageGroupName="g" * 63)
    assert message["Message"].removesuffix("\n").isprintable()


@pytest.mark.parametrize("plan", [{"paths": 0}, {"paths": []}, {"paths": {}}, {}])
def test_a_plan_that_leads_nowhere_keeps_no_announcement_back(tell, s3, plan):
    s3.upload(BUCKET, "runs/fashion-mnist-1/run.json", json.dumps(plan).encode())
    (message,) = tell()
    assert "fashion-mnist version 3 is Approved" in message["Message"]
