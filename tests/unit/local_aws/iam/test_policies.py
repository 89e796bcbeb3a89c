"""What a policy allows, by AWS's rules of evaluation."""

import json
from typing import Any

import pytest

from local_aws.iam.policies import Request, decide, parse

ACTION = "s3:GetObject"
OBJECT = "arn:aws:s3:::bucket/runs/one/run.json"


def allowed(statements: Any, action: str = ACTION, resource: str = OBJECT, **more: Any) -> bool:
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return decide(parse("policy", document), Request(action, resource, **more)).allowed


def allow(**members: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "*", "Resource": "*", **members}


def deny(**members: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": "*", "Resource": "*", **members}


def without(name: str, **members: Any) -> dict[str, Any]:
    return {key: value for key, value in allow(**members).items() if key != name}


@pytest.mark.parametrize(
    ("pattern", "matching"),
    [
        ("s3:GetObject", True),
        ("S3:getobject", True),
        ("s3:Get*", True),
        ("s3:Get?bject", True),
        ("s3:GetObject?", False),
        ("*", True),
        ("s3:PutObject", False),
        ("s3:GetObjectVersion", False),
        (["s3:PutObject", "s3:GetObject"], True),
    ],
)
def test_actions(pattern: Any, matching: bool) -> None:
    assert allowed(allow(Action=pattern)) is matching


@pytest.mark.parametrize(
    ("pattern", "matching"),
    [
        (OBJECT, True),
        ("arn:aws:s3:::bucket/runs/*", True),  # a star crosses slashes
        ("arn:aws:s3:::*", True),
        ("arn:aws:s3:::bucket/runs/?ne/run.json", True),
        ("arn:aws:s3:::bucket", False),
        ("arn:aws:s3:::bucket/Runs/*", False),  # the case counts
        ("arn:aws:s3:::bucket/runs/[o]ne/*", False),  # no brackets
        ("arn:aws:s3:::bucket/runs/one/run.jsonl", False),
        (["arn:aws:s3:::other/*", "arn:aws:s3:::bucket/*"], True),
    ],
)
def test_resources(pattern: Any, matching: bool) -> None:
    assert allowed(allow(Resource=pattern)) is matching


def test_what_nobody_allows_is_not_allowed() -> None:
    assert not allowed([])


def test_a_deny_wins_wherever_it_stands() -> None:
    assert not allowed([allow(), deny(Action=ACTION)])
    assert not allowed([deny(Resource=OBJECT), allow()])
    assert allowed([allow(), deny(Action="s3:PutObject")])


def test_not_action_and_not_resource_mean_all_others() -> None:
    assert allowed(without("Action", NotAction="iam:*"))
    assert not allowed(without("Action", NotAction=["iam:*", "s3:get*"]))
    assert allowed(without("Resource", NotResource="arn:aws:s3:::other/*"))
    assert not allowed(without("Resource", NotResource="arn:aws:s3:::bucket/*"))


def test_a_single_statement_needs_no_list() -> None:
    assert allowed(allow())


@pytest.mark.parametrize("document", ["{}", "nonsense", "[]", '{"Statement": [{"Effect": "?"}]}'])
def test_what_is_no_policy_allows_nothing(document: str) -> None:
    assert not decide(parse("policy", document), Request(ACTION, OBJECT)).allowed


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"StringEquals": {"cloudwatch:namespace": "jobs"}}, True),
        ({"StringEquals": {"CloudWatch:Namespace": ["others", "jobs"]}}, True),
        ({"StringEquals": {"cloudwatch:namespace": "JOBS"}}, False),
        ({"StringEqualsIgnoreCase": {"cloudwatch:namespace": "JOBS"}}, True),
        ({"StringNotEquals": {"cloudwatch:namespace": ["others", "jobs"]}}, False),
        ({"StringLike": {"cloudwatch:namespace": "j?b*"}}, True),
        ({"StringNotLike": {"cloudwatch:namespace": "j*"}}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::buck*"}}, True),
        ({"ArnEquals": {"aws:SourceArn": "arn:*:s3:::bucket"}}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:*"}}, False),  # a part matches its own part only
        ({"ArnNotLike": {"aws:SourceArn": "arn:aws:s3:::other"}}, True),
        ({"Bool": {"aws:SecureTransport": "true"}}, True),
        ({"Bool": {"aws:SecureTransport": True}}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"NumericLessThan": {"s3:TlsVersion": 1.2}}, False),
        ({"NumericGreaterThanEquals": {"s3:TlsVersion": "1.3"}}, True),
        ({"NumericEquals": {"cloudwatch:namespace": "1"}}, False),
        # A key that the request does not have.
        ({"StringEquals": {"aws:SourceVpc": "vpc-1"}}, False),
        ({"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}, True),
        ({"StringEqualsIfExists": {"cloudwatch:namespace": "others"}}, False),
        ({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}, True),
        ({"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}, True),
        ({"Null": {"aws:SourceVpc": "true"}}, True),
        ({"Null": {"cloudwatch:namespace": "true"}}, False),
        ({"Null": {"cloudwatch:namespace": "false"}}, True),
        # Keys of several values.
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["run", "team"]}}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["run"]}}, False),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["run"]}}, True),
        ({"ForAnyValue:StringEquals": {"aws:TagKeys": ["other"]}}, False),
        ({"ForAllValues:StringEquals": {"aws:SourceVpc": ["vpc-1"]}}, True),
        ({"ForAnyValue:StringEquals": {"aws:SourceVpc": ["vpc-1"]}}, False),
        # All of them have to hold.
        (
            {
                "StringEquals": {"cloudwatch:namespace": "jobs"},
                "Bool": {"aws:SecureTransport": "false"},
            },
            False,
        ),
    ],
)
def test_conditions(condition: dict[str, Any], holds: bool) -> None:
    keys = {
        "cloudwatch:namespace": ["jobs"],
        "aws:sourcearn": ["arn:aws:s3:::bucket"],
        "aws:securetransport": ["true"],
        "s3:tlsversion": ["1.3"],
        "aws:tagkeys": ["run", "team"],
    }

    assert allowed(allow(Condition=condition), keys=keys) is holds
    assert allowed([allow(), deny(Condition=condition)], keys=keys) is not holds


def test_a_condition_that_is_not_evaluated_allows_nothing_and_lifts_no_deny() -> None:
    condition = {"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}

    assert not allowed(allow(Condition=condition), keys={"aws:sourceip": ["127.0.0.1"]})
    assert not allowed([allow(), deny(Condition=condition)], keys={"aws:sourceip": ["127.0.0.1"]})


@pytest.mark.parametrize(
    ("principal", "named"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": "arn:aws:iam::1:role/r"}, True),
        ({"AWS": ["arn:aws:iam::1:role/q", "arn:aws:iam::1:role/r"]}, True),
        ({"AWS": "arn:aws:iam::1:role/q"}, False),
        ({"Service": "s3.amazonaws.com"}, False),
    ],
)
def test_principals(principal: Any, named: bool) -> None:
    caller = ("arn:aws:iam::1:role/r",)

    assert allowed(allow(Principal=principal), principals=caller) is named
    assert allowed(allow(NotPrincipal=principal), principals=caller) is not named
