"""What jobs hand over as files is what HTTP would have carried; nobody else can hand over."""

import hashlib

import pytest

from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import Account, unique


@pytest.fixture(scope="module")
def account(embedded_aws: EmbeddedAws) -> Account:
    return Account(embedded_aws)


def test_objects_pass_through_a_job_unchanged(account: Account) -> None:
    content = bytes(range(256)) * 4096 * 5
    account.put("handover/in/large", content)
    account.put("handover/in/empty", "")
    name = unique("handover")
    script = "cp -r $SAGEMAKER_BASE_DIR/processing/in/. $SAGEMAKER_BASE_DIR/processing/out"
    account.sagemaker.create_processing_job(
        **account.processing(
            name,
            script,
            inputs={"in": account.uri("handover/in")},
            outputs={"out": account.uri("handover/out")},
        )
    )

    assert account.ended_processing(name)["ProcessingJobStatus"] == "Completed"
    assert account.get("handover/out/large") == content
    assert account.get("handover/out/empty") == b""
    head = account.s3.head_object(Bucket=account.bucket, Key="handover/out/large")
    assert head["ContentLength"] == len(content)
    assert head["ETag"] == f'"{hashlib.md5(content).hexdigest()}"'


def test_a_job_may_change_its_input_and_not_the_object(account: Account) -> None:
    account.put("mine/data", "as it was")
    name = unique("handover")
    script = "echo changed > $SAGEMAKER_BASE_DIR/processing/in/data"
    account.sagemaker.create_processing_job(
        **account.processing(name, script, inputs={"in": account.uri("mine")})
    )

    assert account.ended_processing(name)["ProcessingJobStatus"] == "Completed"
    assert account.get("mine/data") == b"as it was"


@pytest.mark.parametrize("ticket", ["", "guessed"])
def test_without_the_ticket_a_path_is_nothing_but_text(account: Account, ticket: str) -> None:
    def show(request, **_):
        request.headers["x-retrain-handover"] = ticket

    s3 = account.s3
    for operation in ("GetObject", "PutObject"):
        s3.meta.events.register(f"before-sign.s3.{operation}", show, unique_id=operation)
    try:
        account.put("stranger", "/etc/hostname")
        assert account.get("stranger") == b"/etc/hostname"
    finally:
        for operation in ("GetObject", "PutObject"):
            s3.meta.events.unregister(f"before-sign.s3.{operation}", unique_id=operation)
