"""SimulatePrincipalPolicy through boto3, on users and roles with real policies."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from tests.fakes.service import check_shape, operations
from tests.functional.sagemaker_requests import unique

BUCKET = "arn:aws:s3:::a-bucket"


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def statement(effect: str, action: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": [action], "Resource": [resource], **more}


@pytest.fixture
def iam(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("iam")


@pytest.fixture(params=["user", "role"])
def holder(iam: Any, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Gives a new user or role these policies; returns its ARN."""

    def create(document: str) -> str:
        name = unique("holder")
        if request.param == "user":
            arn = iam.create_user(UserName=name)["User"]["Arn"]
            iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
        else:
            created = iam.create_role(RoleName=name, AssumeRolePolicyDocument="{}", Path="/team/")
            arn = created["Role"]["Arn"]
            iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=document)
        return str(arn)

    return create


def simulated(iam: Any, arn: str, actions: list[str], *resources: str) -> list[dict[str, Any]]:
    found = iam.simulate_principal_policy(
        PolicySourceArn=arn, ActionNames=actions, ResourceArns=list(resources)
    )
    found.pop("ResponseMetadata")
    check_shape(found, operations("iam")["simulate_principal_policy"].output_shape)
    return list(found["EvaluationResults"])


def test_each_action_is_decided_on_each_resource(iam: Any, holder: Callable[[str], str]) -> None:
    arn = holder(
        policy(
            statement("Allow", "s3:*", f"{BUCKET}*"),
            statement("Deny", "s3:DeleteObject"),
        )
    )

    results = simulated(iam, arn, ["s3:GetObject", "s3:DeleteObject"], BUCKET, "arn:aws:s3:::other")

    assert [(r["EvalActionName"], r["EvalResourceName"], r["EvalDecision"]) for r in results] == [
        ("s3:GetObject", BUCKET, "allowed"),
        ("s3:GetObject", "arn:aws:s3:::other", "implicitDeny"),
        ("s3:DeleteObject", BUCKET, "explicitDeny"),
        ("s3:DeleteObject", "arn:aws:s3:::other", "explicitDeny"),
    ]


def test_what_depends_on_conditions_names_their_keys(
    iam: Any, holder: Callable[[str], str]
) -> None:
    condition = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    arn = holder(policy(statement("Allow", "iam:PassRole", Condition=condition)))

    (result,) = simulated(iam, arn, ["iam:PassRole"], "arn:aws:iam::123456789012:role/jobs")

    assert result["EvalDecision"] == "implicitDeny"
    assert result["MissingContextValues"] == ["iam:PassedToService"]


def test_attached_policies_and_those_of_groups_count(iam: Any) -> None:
    user, group = unique("user"), unique("group")
    arn = iam.create_user(UserName=user)["User"]["Arn"]
    iam.create_group(GroupName=group)
    iam.add_user_to_group(UserName=user, GroupName=group)
    document = policy(statement("Allow", "s3:GetObject"))
    iam.put_group_policy(GroupName=group, PolicyName="p", PolicyDocument=document)
    managed = iam.create_policy(
        PolicyName=unique("managed"), PolicyDocument=policy(statement("Allow", "sns:Publish"))
    )
    iam.attach_user_policy(UserName=user, PolicyArn=managed["Policy"]["Arn"])

    results = simulated(iam, arn, ["s3:GetObject", "sns:Publish", "sqs:SendMessage"], "*")

    assert [r["EvalDecision"] for r in results] == ["allowed", "allowed", "implicitDeny"]


def test_the_credentials_of_the_embedded_aws_itself_may_do_everything(
    iam: Any, embedded_aws: EmbeddedAws
) -> None:
    arn = embedded_aws.client("sts").get_caller_identity()["Arn"]
    assert [r["EvalDecision"] for r in simulated(iam, arn, ["iam:PassRole"], "*")] == ["allowed"]


@pytest.mark.parametrize("arn", ["user/nobody", "role/nobody", "group/nobody"])
def test_whom_iam_does_not_know_is_no_such_entity(iam: Any, arn: str) -> None:
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        simulated(iam, f"arn:aws:iam::123456789012:{arn}", ["s3:GetObject"], "*")
