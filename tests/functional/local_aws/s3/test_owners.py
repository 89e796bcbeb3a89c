"""Buckets of two accounts: a request may name the account that has to own its bucket."""

from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from lambdas.boundary.bucket_owner import of_account
from local_aws.client import EmbeddedAws
from tests.support.accounts import OTHER, of_other_account
from tests.support.roles import ACCOUNT, acting_as, allow, make_role, policy


@pytest.fixture
def theirs(embedded_aws: EmbeddedAws) -> str:
    """A bucket of another account that lets everybody in."""
    name = f"theirs-{uuid4().hex[:12]}"
    s3 = of_other_account(embedded_aws, "s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="x", Body=b"their code")
    everybody = {"Principal": "*"} | allow(
        "s3:*", [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    )
    s3.put_bucket_policy(Bucket=name, Policy=policy(everybody))
    return name


@pytest.fixture
def ours(embedded_aws: EmbeddedAws) -> str:
    name = f"ours-{uuid4().hex[:12]}"
    embedded_aws.client("s3").create_bucket(Bucket=name)
    return name


CALLS: dict[str, dict[str, Any]] = {
    "head_bucket": {},
    "list_objects_v2": {},
    "list_object_versions": {},
    "get_bucket_policy": {},
    "put_object": {"Key": "y", "Body": b"ours"},
    "get_object": {"Key": "x"},
    "head_object": {"Key": "x"},
    "delete_object": {"Key": "x"},
    "create_multipart_upload": {"Key": "y"},
}


@pytest.mark.parametrize("call", CALLS)
def test_a_bucket_of_somebody_else_is_refused(
    embedded_aws: EmbeddedAws, theirs: str, call: str
) -> None:
    s3 = of_account(embedded_aws.client("s3"), ACCOUNT)
    with pytest.raises(ClientError) as refused:
        getattr(s3, call)(Bucket=theirs, **CALLS[call])
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    keys = of_other_account(embedded_aws, "s3").list_objects_v2(Bucket=theirs)["Contents"]
    assert [each["Key"] for each in keys] == ["x"]


@pytest.mark.parametrize("call", CALLS)
def test_a_bucket_of_ones_own_is_not(embedded_aws: EmbeddedAws, ours: str, call: str) -> None:
    s3 = of_account(embedded_aws.client("s3"), ACCOUNT)
    s3.put_object(Bucket=ours, Key="x", Body=b"our code")
    s3.put_bucket_policy(Bucket=ours, Policy=policy())
    assert getattr(s3, call)(Bucket=ours, **CALLS[call])


def test_nothing_is_copied_out_of_a_bucket_of_somebody_else(
    embedded_aws: EmbeddedAws, ours: str, theirs: str
) -> None:
    s3 = of_account(embedded_aws.client("s3"), ACCOUNT)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.copy_object(Bucket=ours, Key="x", CopySource={"Bucket": theirs, "Key": "x"})
    assert s3.list_objects_v2(Bucket=ours)["KeyCount"] == 0


def test_a_bucket_that_nobody_has_is_missing_whoever_is_expected(embedded_aws: EmbeddedAws) -> None:
    s3 = of_account(embedded_aws.client("s3"), ACCOUNT)
    with pytest.raises(ClientError, match="404"):
        s3.head_bucket(Bucket=f"nobodys-{uuid4().hex}")


def test_who_names_another_owner_is_believed(embedded_aws: EmbeddedAws, theirs: str) -> None:
    s3 = of_account(embedded_aws.client("s3"), ACCOUNT)
    found = s3.get_object(Bucket=theirs, Key="x", ExpectedBucketOwner=OTHER)
    assert found["Body"].read() == b"their code"


def test_a_role_is_held_to_the_owner_that_its_policy_names(
    embedded_aws: EmbeddedAws, ours: str, theirs: str
) -> None:
    account = {"StringEquals": {"aws:ResourceAccount": ACCOUNT}}
    role = make_role(embedded_aws, allow("s3:*", Condition=account))
    s3 = acting_as(embedded_aws, role, "s3")
    s3.put_object(Bucket=ours, Key="x", Body=b"")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=theirs, Key="x", Body=b"our secrets")


def test_another_accounts_bucket_has_to_let_the_role_in_as_well(
    embedded_aws: EmbeddedAws, theirs: str
) -> None:
    s3 = acting_as(embedded_aws, make_role(embedded_aws, allow("s3:*")), "s3")
    assert s3.get_object(Bucket=theirs, Key="x")["Body"].read() == b"their code"
    of_other_account(embedded_aws, "s3").delete_bucket_policy(Bucket=theirs)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.get_object(Bucket=theirs, Key="x")
