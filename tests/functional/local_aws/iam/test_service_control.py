"""One service control policy: what the organization lets the account do, its administrator too.

https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws, EmbeddedAwsError
from tests.functional.conftest import zipped
from tests.support.roles import acting_as, allow, deny, make_role, policy, trust

BOUNDARY = "arn:aws:iam::123456789012:policy/limits"
KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f"
JOBS = ["sagemaker:CreateTrainingJob", "sagemaker:CreateProcessingJob"]
RULES = policy(
    allow("*"),
    deny("iam:CreateRole", Condition={"StringNotEquals": {"iam:PermissionsBoundary": BOUNDARY}}),
    deny("iam:PutRolePolicy", Condition={"Null": {"iam:PermissionsBoundary": "true"}}),
    {
        "Effect": "Deny",
        "Action": "iam:CreateRole",
        "NotResource": "arn:aws:iam::*:role/teams/ml/*",
    },
    deny("s3:CreateBucket", Condition={"Null": {"aws:RequestTag/team": "true"}}),
    deny("sns:CreateTopic", Condition={"StringNotLike": {"aws:RequestTag/team": "ml-*"}}),
    deny(JOBS, Condition={"Null": {"sagemaker:VpcSubnets": "true"}}),
    deny(JOBS, Condition={"StringNotEquals": {"sagemaker:VolumeKmsKey": KEY}}),
    deny("lambda:CreateFunction", Condition={"Null": {"lambda:SubnetIds": "true"}}),
)
REFUSED = "with an explicit deny in a service control policy"


def embedded(folder: Path, document: str) -> EmbeddedAws:
    file = folder / "organization.json"
    file.write_text(document, encoding="utf-8")
    return EmbeddedAws(folder / "aws", arguments=("--service-control-policy", str(file)))


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    with embedded(tmp_path_factory.mktemp("governed"), RULES) as started:
        started.client("iam").create_policy(PolicyName="limits", PolicyDocument=policy(allow("*")))
        yield started


@pytest.fixture(scope="module")
def role(aws: EmbeddedAws) -> str:
    """A role as the policy asks for; its ARN."""
    iam = aws.client("iam")
    made = iam.create_role(
        RoleName="held",
        AssumeRolePolicyDocument=trust("lambda", "sagemaker"),
        Path="/teams/ml/",
        PermissionsBoundary=BOUNDARY,
    )
    iam.put_role_policy(RoleName="held", PolicyName="all", PolicyDocument=policy(allow("*")))
    return str(made["Role"]["Arn"])


def create_role(aws: EmbeddedAws, **given: Any) -> Any:
    return aws.client("iam").create_role(
        RoleName="refused", AssumeRolePolicyDocument=trust("lambda"), **given
    )


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"PermissionsBoundary": BOUNDARY},
        {"Path": "/teams/ml/"},
        {"Path": "/teams/", "PermissionsBoundary": BOUNDARY},
    ],
)
def test_a_role_without_boundary_or_path_is_refused(aws: EmbeddedAws, given: Any) -> None:
    with pytest.raises(ClientError) as raised:
        create_role(aws, **given)

    error = raised.value.response["Error"]
    assert error["Code"] == "AccessDenied"
    path = given.get("Path", "/")
    assert (
        f"iam:CreateRole on resource: arn:aws:iam::123456789012:role{path}refused"
        in (error["Message"])
    )
    assert error["Message"].endswith(REFUSED)


def test_tags_of_a_request_are_seen_in_each_form(aws: EmbeddedAws) -> None:
    s3, sns = aws.client("s3"), aws.client("sns")
    with pytest.raises(ClientError, match=REFUSED):
        s3.create_bucket(Bucket="untagged")
    with pytest.raises(ClientError, match=REFUSED):
        sns.create_topic(Name="other", Tags=[{"Key": "team", "Value": "sales"}])

    tags = [{"Key": "team", "Value": "ml-1"}]
    s3.create_bucket(Bucket="tagged", CreateBucketConfiguration={"Tags": tags})
    sns.create_topic(Name="ours", Tags=tags)
    assert s3.get_bucket_tagging(Bucket="tagged")["TagSet"] == tags


def test_jobs_need_subnets_and_key(aws: EmbeddedAws, role: str) -> None:
    sagemaker = acting_as(aws, role, "sagemaker")
    vpc = {"Subnets": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1}
    request = {
        "ProcessingJobName": "held",
        "RoleArn": role,
        "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["/bin/true"]},
        "ProcessingResources": {"ClusterConfig": cluster},
    }

    with pytest.raises(ClientError, match=REFUSED):
        sagemaker.create_processing_job(**request)
    with pytest.raises(ClientError, match=REFUSED):
        sagemaker.create_processing_job(**request, NetworkConfig={"VpcConfig": vpc})
    cluster["VolumeKmsKeyId"] = KEY
    with pytest.raises(ClientError, match=REFUSED):
        sagemaker.create_processing_job(**request)
    sagemaker.create_processing_job(**request, NetworkConfig={"VpcConfig": vpc})


def test_functions_need_subnets(aws: EmbeddedAws, role: str) -> None:
    request = {
        "FunctionName": "held",
        "Role": role,
        "Runtime": "python3.11",
        "Handler": "app.handler",
        "Code": {"ZipFile": zipped(app="def handler(event, context): ...")},
    }
    lambdas = aws.client("lambda")

    with pytest.raises(ClientError, match=REFUSED):
        lambdas.create_function(**request)
    vpc = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    lambdas.create_function(**request, VpcConfig=vpc)


def test_what_it_does_not_allow_nobody_may(tmp_path: Path) -> None:
    with embedded(tmp_path, policy(allow(["iam:*", "sts:*", "sns:*"]))) as aws:
        role = make_role(aws, allow("*"))
        for sqs in (aws.client("sqs"), acting_as(aws, role, "sqs")):
            with pytest.raises(ClientError) as raised:
                sqs.list_queues()
            assert raised.value.response["Error"]["Message"].endswith(
                "because no service control policy allows the sqs:ListQueues action"
            )
        acting_as(aws, role, "sns").list_topics()


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{", "no service control policy"),
        (json.dumps({"Version": "2012-10-17"}), "expected JSON with Version and Statement"),
        (policy(deny("s3:*")), "allows nothing, so every call would be refused"),
    ],
)
def test_what_is_no_policy_is_refused_at_the_start(
    tmp_path: Path, document: str, said: str
) -> None:
    with pytest.raises(EmbeddedAwsError, match=said), embedded(tmp_path, document):
        pass
