"""Permissions boundaries: what a role may do is what its policies and its boundary both allow.

https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
"""

from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.support.roles import ROLE, acting_as, allow, deny, make_role, policy


def bounded(aws: EmbeddedAws, *statements: object) -> str:
    """A role that may do everything, as far as its boundary goes; its ARN."""
    iam, role = aws.client("iam"), make_role(aws, allow("*"))
    arn = iam.create_policy(
        PolicyName=f"limits-{uuid4().hex[:8]}",
        PolicyDocument=policy(*statements),  # type: ignore[arg-type]
    )["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName=role.rpartition("/")[2], PermissionsBoundary=arn)
    return role


def refusal(aws: EmbeddedAws, role: str) -> str:
    with pytest.raises(ClientError) as raised:
        acting_as(aws, role, "sqs").list_queues()
    assert raised.value.response["Error"]["Code"] == "AccessDeniedException"
    return raised.value.response["Error"]["Message"]


def test_what_the_boundary_lacks_is_refused_though_the_policy_has_it(
    embedded_aws: EmbeddedAws,
) -> None:
    role = bounded(embedded_aws, allow("sns:*"))

    acting_as(embedded_aws, role, "sns").list_topics()
    assert refusal(embedded_aws, role).endswith(
        "because no permissions boundary allows the sqs:ListQueues action"
    )


def test_a_boundary_grants_nothing(embedded_aws: EmbeddedAws) -> None:
    role = bounded(embedded_aws, allow("*"))
    embedded_aws.client("iam").delete_role_policy(
        RoleName=role.rpartition("/")[2], PolicyName="granted"
    )

    assert refusal(embedded_aws, role).endswith(
        "because no identity-based policy allows the sqs:ListQueues action"
    )


def test_a_deny_of_the_boundary_wins(embedded_aws: EmbeddedAws) -> None:
    role = bounded(embedded_aws, allow("*"), deny("sqs:*"))

    assert refusal(embedded_aws, role).endswith("with an explicit deny in a permissions boundary")


def test_a_boundary_that_is_taken_away_limits_no_more(embedded_aws: EmbeddedAws) -> None:
    role = bounded(embedded_aws, allow("sns:*"))
    iam = embedded_aws.client("iam")
    iam.delete_role_permissions_boundary(RoleName=role.rpartition("/")[2])

    acting_as(embedded_aws, role, "sqs").list_queues()


def test_a_boundary_that_is_not_there_is_refused(embedded_aws: EmbeddedAws) -> None:
    iam, name = embedded_aws.client("iam"), ROLE.rpartition("/")[2]
    missing = "arn:aws:iam::123456789012:policy/missing"

    with pytest.raises(iam.exceptions.NoSuchEntityException, match="not attachable"):
        iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=missing)
    with pytest.raises(iam.exceptions.NoSuchEntityException, match="not attachable"):
        iam.create_role(
            RoleName="unmade", AssumeRolePolicyDocument=policy(), PermissionsBoundary=missing
        )


def test_a_bucket_that_trusts_the_role_is_limited_and_one_that_trusts_the_session_is_not(
    embedded_aws: EmbeddedAws,
) -> None:
    s3, role = embedded_aws.client("s3"), bounded(embedded_aws, allow("sns:*"))
    session = role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/") + "/me"
    bucket = f"trusting-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)

    def trust(arn: str) -> None:
        statement = allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", Principal={"AWS": arn})
        s3.put_bucket_policy(Bucket=bucket, Policy=policy(statement))

    trust(role)
    with pytest.raises(ClientError, match="no permissions boundary allows"):
        acting_as(embedded_aws, role, "s3").list_objects_v2(Bucket=bucket)
    trust(session)
    acting_as(embedded_aws, role, "s3").list_objects_v2(Bucket=bucket)


def test_a_policy_of_awss_own_may_be_a_boundary(embedded_aws: EmbeddedAws) -> None:
    role = make_role(embedded_aws, allow("*"))
    embedded_aws.client("iam").put_role_permissions_boundary(
        RoleName=role.rpartition("/")[2],
        PermissionsBoundary="arn:aws:iam::aws:policy/PowerUserAccess",
    )

    acting_as(embedded_aws, role, "sqs").list_queues()
    with pytest.raises(ClientError, match="no permissions boundary allows the iam:GetRole action"):
        acting_as(embedded_aws, role, "iam").get_role(RoleName=role.rpartition("/")[2])
