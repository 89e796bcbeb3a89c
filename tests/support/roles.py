"""Roles for tests: one that may do everything, and ones that may do what a test grants them."""

import json
from typing import Any
from uuid import uuid4

import boto3

from local_aws.client import Connection

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/everything"
SERVICES = ("lambda", "sagemaker", "states", "events")

Statement = dict[str, Any]


def ensure_role(aws: Connection) -> str:
    """Have the role ROLE, which every service may assume and which may do everything."""
    iam = aws.client("iam")
    try:
        return make_role(aws, allow("*"), name=ROLE.rpartition("/")[2])
    except iam.exceptions.EntityAlreadyExistsException:
        return ROLE


def make_role(
    aws: Connection, *statements: Statement, services: tuple[str, ...] = SERVICES, name: str = ""
) -> str:
    """Make a role that the services may assume, with one inline policy; return its ARN."""
    iam = aws.client("iam")
    name = name or f"role-{uuid4().hex[:8]}"
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(*services))
    grant(aws, role["Role"]["Arn"], *statements)
    return str(role["Role"]["Arn"])


def grant(aws: Connection, role: str, *statements: Statement) -> None:
    """Replace what `make_role` allowed the role."""
    name = role.rpartition("/")[2]
    iam = aws.client("iam")
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="granted", PolicyDocument=policy(*statements))
    elif "granted" in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName="granted")


def policy(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(*services: str, **more: Any) -> str:
    """Return a trust policy for the services, by the first part of their names."""
    principals = [f"{service}.amazonaws.com" for service in services]
    allowed = {"Effect": "Allow", "Principal": {"Service": principals}, "Action": "sts:AssumeRole"}
    return policy(allowed | more) if services else policy()


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> Statement:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> Statement:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def acting_as(
    aws: Connection, role: str, service: str, session_policy: str = "", **options: Any
) -> Any:
    """Return a client with temporary credentials of the role, of a session named `me`."""
    more = {"Policy": session_policy} if session_policy else {}
    sts = aws.client("sts")
    given = sts.assume_role(RoleArn=role, RoleSessionName="me", **more)["Credentials"]
    return boto3.client(  # type: ignore[call-overload]
        service,
        endpoint_url=aws.endpoint,
        region_name=aws.region,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        **options,
    )
