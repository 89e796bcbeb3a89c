"""What botocore's models do not say is refused over the wire too, as AWS refuses it."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import unique

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def policy(size: int) -> str:
    """A policy of that many characters, white space not counted."""
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::"}],
    }
    missing = size - len("".join(json.dumps(document).split()))
    document["Statement"][0]["Resource"] += "x" * missing  # type: ignore[index, operator]
    return json.dumps(document)


def refused(call: Any, **request: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as error:
        call(**request)
    found = error.value.response["Error"]
    return found["Code"], found["Message"]


@pytest.mark.parametrize(
    "name",
    ["Retrain-Prod", "a_b", "ab", "x" * 64, "xn--dev", "sthree-dev", "a..b", "192.168.5.4", "-ab"],
)
def test_s3_refuses_a_buckets_name(embedded_aws: EmbeddedAws, name: str) -> None:
    create = embedded_aws.client("s3").create_bucket

    assert refused(create, Bucket=name)[0] == "InvalidBucketName"


def test_iam_refuses_a_roles_name_and_says_which_bound(embedded_aws: EmbeddedAws) -> None:
    iam = embedded_aws.client("iam")

    code, message = refused(
        iam.create_role, RoleName="r" * 65, AssumeRolePolicyDocument=json.dumps(TRUST)
    )

    assert code == "ValidationError"
    assert "'roleName' failed to satisfy constraint: Member must have length less than" in message


def test_iam_adds_up_what_the_inline_policies_of_a_role_take(embedded_aws: EmbeddedAws) -> None:
    iam, role = embedded_aws.client("iam"), unique("role")
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))

    for name, size in (("one", 10241), ("one", 10240), ("two", 200)):
        put = {"RoleName": role, "PolicyName": name, "PolicyDocument": policy(size)}
        if (name, size) == ("one", 10240):
            iam.put_role_policy(**put)
            continue
        code, message = refused(iam.put_role_policy, **put)
        assert code == "LimitExceeded"
        assert "Maximum policy size of 10240 bytes exceeded" in message
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["one"]


def test_lambda_refuses_variables_of_more_than_4_kb(embedded_aws: EmbeddedAws) -> None:
    code, message = refused(
        embedded_aws.client("lambda").create_function,
        FunctionName=unique("function"),
        Role="arn:aws:iam::123456789012:role/r",
        Code={"ZipFile": b"x"},
        Handler="app.f",
        Runtime="python3.12",
        Environment={"Variables": {"FILES": json.dumps(["x" * 40] * 95)}},
    )

    assert code == "InvalidParameterValueException"
    assert "exceeded the 4KB limit. String measured: {" in message


@pytest.mark.parametrize(
    ("service", "operation", "request_", "code"),
    [
        ("sns", "create_topic", {"Name": "a topic"}, "InvalidParameter"),
        ("sqs", "create_queue", {"QueueName": "q" * 81}, "InvalidParameterValue"),
        (
            "cloudformation",
            "create_stack",
            {"StackName": "s", "TemplateBody": "x" * 51201},
            "ValidationError",
        ),
    ],
)
def test_names_and_sizes_of_other_services(
    embedded_aws: EmbeddedAws, service: str, operation: str, request_: dict[str, Any], code: str
) -> None:
    assert refused(getattr(embedded_aws.client(service), operation), **request_)[0] == code
