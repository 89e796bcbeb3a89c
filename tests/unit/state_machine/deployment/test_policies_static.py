"""Every policy held against AWS's own list of actions and resources, as cfn-lint ships it.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from cfnlint.data import AdditionalSpecs
from cfnlint.helpers import load_resource

from state_machine.config import PipelineConfig
from state_machine.deployment.roles import documents
from state_machine.names import Names

REFERENCE: dict[str, Any] = load_resource(AdditionalSpecs, "Policies.json")
MLFLOW = "sagemaker:{region}:123456789012:mlflow-tracking-server/ours"
# All that is allowed on `*`: AWS knows no narrower resource for any of it.
ANY_RESOURCE = {
    "ecr:GetAuthorizationToken",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "sagemaker:ListProcessingJobs",
    "sagemaker:ListTrainingJobs",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
# Narrowed by a condition on the namespace, as SageMaker's page on roles has it: the one resource
# that AWS knows, a dataset, is nothing that a job's metrics go to.
# https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
NARROWED_BY_CONDITION = {"cloudwatch:PutMetricData"}
# AWS's list of 2025 had the group of a package beside the package itself, this one has the package
# alone. Which of them SageMaker asks for only an account could tell, so that both are granted.
ALSO = {
    "sagemaker:CreateModelPackage": {
        "arn:${Partition}:sagemaker:${Region}:${Account}:model-package-group/.*"
    }
}
# cfn-lint's list has the same format for both.
S3_FORMATS = {
    "bucket": "arn:${Partition}:s3:::${BucketName}",
    "object": "arn:${Partition}:s3:::${BucketName}/.*",
}
PLACES = [("aws", "us-east-1"), ("aws-cn", "cn-north-1"), ("aws-us-gov", "us-gov-west-1")]


def policies(pipeline: PipelineConfig, tracking: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every role's policy, in each partition, by a name."""
    for partition, region in PLACES:
        uri = f"arn:{partition}:{tracking.format(region=region)}" if tracking else ""
        given = pipeline.tracking.model_copy(update={"mlflow_tracking_uri": uri})
        names = Names("retrain", "dev", "123456789012", region, partition)
        found = documents(pipeline.model_copy(update={"tracking": given}), names)
        for purpose, (_, document) in found.items():
            yield f"{purpose} in {region}", document


def problems(statement: dict[str, Any]) -> Iterator[str]:
    """What is wrong with one statement: one that denies may say what it likes, by name."""
    if {"NotAction", "NotResource"} & set(statement):
        yield f"{statement['Sid']}: allows by what it does not name"
        return
    actions, resources = statement["Action"], statement["Resource"]
    for action in actions:
        kinds = kinds_of(action)
        if kinds is None:
            yield f"{action} is no action of AWS"
        elif "*" in resources:
            if not may_be_on_any(action, statement) and (kinds or action not in ANY_RESOURCE):
                yield f"{action} on *, and AWS knows {sorted(kinds)}"
        elif not any(fits(resource, kinds) for resource in resources):
            yield f"{action} on {resources}, and AWS knows {sorted(kinds)}"
    known: set[str] = set().union(*(kinds_of(action) or set() for action in actions))
    for resource in resources:
        if resource != "*" and not fits(resource, known):
            yield f"{resource} is of no use to {actions}"


def may_be_on_any(action: str, statement: dict[str, Any]) -> bool:
    return action in NARROWED_BY_CONDITION and "Condition" in statement


def kinds_of(action: str) -> set[str] | None:
    """The ARN formats that the action takes, none if only `*`; None if there is no such action."""
    service, _, name = action.partition(":")
    reference = REFERENCE.get(service, {"Actions": {}})
    if name.lower() not in reference["Actions"]:  # no action has a wildcard in its name
        return None
    kinds = reference["Actions"][name.lower()].get("Resources", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if service == "s3":
        return {S3_FORMATS[kind] for kind in kinds if kind in S3_FORMATS}
    return ALSO.get(action, set()) | {
        arn for kind in kinds for arn in reference["Resources"][kind.lower()].get("ARNFormats", [])
    }


def fits(resource: str, formats: set[str]) -> bool:
    """Tell whether the ARN, which may have wildcards, has one of the formats."""
    return any(re.fullmatch(_expression(one), resource) for one in formats)


def _expression(arn_format: str) -> str:
    """`${Name}` stands for one part of a path, `.*` for all of it: cfn-lint writes either."""
    parts = re.split(r"(\$\{\w+\}|\.\*|\*)", arn_format)
    return "".join(
        "[^/]+" if part.startswith("$") else ".+" if part in (".*", "*") else re.escape(part)
        for part in parts
    )


@pytest.mark.parametrize("tracking", ["", MLFLOW])
def test_every_action_exists_and_every_resource_is_one_that_it_takes(
    pipeline: PipelineConfig, tracking: str
) -> None:
    found = {
        f"{name}: {problem}"
        for name, document in policies(pipeline, tracking)
        for statement in document["Statement"]
        for problem in problems(statement)
    }

    assert found == set()


def test_nothing_is_listed_as_an_exception_that_is_none(pipeline: PipelineConfig) -> None:
    used = {
        action
        for _, document in policies(pipeline)
        for statement in document["Statement"]
        if statement["Resource"] == ["*"]
        for action in statement["Action"]
    }

    assert used == ANY_RESOURCE | NARROWED_BY_CONDITION


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ({"Action": ["s3:GetObjects"], "Resource": ["arn:aws:s3:::b/*"]}, "is no action of AWS"),
        ({"Action": ["s3:Get*"], "Resource": ["arn:aws:s3:::b/*"]}, "is no action of AWS"),
        ({"Action": ["s3:GetObject"], "Resource": ["*"]}, "on *, and AWS knows"),
        ({"Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b"]}, "s3:GetObject on"),
        ({"Action": ["sqs:SendMessage"], "Resource": ["arn:aws:sns:r:1:t"]}, "sqs:SendMessage on"),
        (
            {"Action": ["s3:ListBucket"], "Resource": ["arn:aws:s3:::b", "arn:aws:sqs:r:1:q"]},
            "is of no use to",
        ),
        ({"NotAction": ["s3:GetObject"], "Resource": ["*"]}, "by what it does not name"),
    ],
)
def test_the_check_finds_what_is_wrong(statement: dict[str, Any], problem: str) -> None:
    found = list(problems({"Sid": "Wrong", "Effect": "Allow", **statement}))

    assert any(problem in one for one in found), json.dumps(found)


def test_what_is_allowed_of_s3_is_allowed_in_buckets_of_the_account(
    pipeline: PipelineConfig,
) -> None:
    owner = {"StringEquals": {"aws:ResourceAccount": "123456789012"}}
    of_s3 = [
        (name, statement)
        for name, document in policies(pipeline, MLFLOW)
        for statement in document["Statement"]
        if statement["Effect"] == "Allow" and any("s3:" in each for each in statement["Action"])
    ]
    assert len(of_s3) > 20
    assert [name for name, statement in of_s3 if statement.get("Condition") != owner] == []
    assert all(each.startswith("s3:") for _, statement in of_s3 for each in statement["Action"])
