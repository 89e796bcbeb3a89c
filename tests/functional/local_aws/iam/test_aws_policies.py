"""AWS's managed policies, through boto3."""

from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.support.roles import acting_as, make_role

READS_S3 = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
LOGS = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def test_one_can_be_attached_and_holds(embedded_aws: EmbeddedAws) -> None:
    iam, role = embedded_aws.client("iam"), make_role(embedded_aws)
    name = role.rpartition("/")[2]
    iam.attach_role_policy(RoleName=name, PolicyArn=READS_S3)

    acting_as(embedded_aws, role, "s3").list_buckets()
    with pytest.raises(ClientError, match="AccessDenied"):
        acting_as(embedded_aws, role, "s3").create_bucket(Bucket=f"no-{uuid4().hex[:8]}")

    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert attached == [{"PolicyName": "AmazonS3ReadOnlyAccess", "PolicyArn": READS_S3}]
    iam.detach_role_policy(RoleName=name, PolicyArn=READS_S3)
    with pytest.raises(ClientError, match="AccessDenied"):
        acting_as(embedded_aws, role, "s3").list_buckets()


def test_a_policy_is_found_below_its_own_path(embedded_aws: EmbeddedAws) -> None:
    iam = embedded_aws.client("iam")
    found = iam.get_policy(PolicyArn=LOGS)["Policy"]
    assert (found["PolicyName"], found["Path"]) == ("AWSLambdaBasicExecutionRole", "/service-role/")
    version = iam.get_policy_version(PolicyArn=LOGS, VersionId=found["DefaultVersionId"])
    document: Any = version["PolicyVersion"]["Document"]
    assert "logs:PutLogEvents" in document["Statement"][0]["Action"]
    for absent in (LOGS.replace("/service-role", ""), f"{READS_S3}Not"):
        with pytest.raises(iam.exceptions.NoSuchEntityException):
            iam.get_policy(PolicyArn=absent)


def test_all_are_listed_beside_the_accounts_own(embedded_aws: EmbeddedAws) -> None:
    iam = embedded_aws.client("iam")
    pages = iam.get_paginator("list_policies").paginate(
        Scope="AWS", PaginationConfig={"PageSize": 1000}
    )
    arns = [each["Arn"] for page in pages for each in page["Policies"]]
    assert {READS_S3, LOGS} < set(arns)
    assert len(set(arns)) == len(arns) > 1000
    local = iam.list_policies(Scope="Local")["Policies"]
    assert not any(each["Arn"] in arns for each in local)


def test_the_account_cannot_change_one(embedded_aws: EmbeddedAws) -> None:
    with pytest.raises(ClientError, match="Policy is outside your own account"):
        embedded_aws.client("iam").delete_policy(PolicyArn=READS_S3)


def test_a_policy_of_aws_has_one_id_however_often_it_is_asked_for(
    embedded_aws: EmbeddedAws,
) -> None:
    iam = embedded_aws.client("iam")

    def listed() -> dict[str, str]:
        pages = iam.get_paginator("list_policies").paginate(Scope="AWS")
        return {each["Arn"]: each["PolicyId"] for page in pages for each in page["Policies"]}

    first = listed()

    assert listed() == first
    assert len(set(first.values())) == len(first) > 1000
