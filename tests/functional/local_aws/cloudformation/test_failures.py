"""Stacks that cannot be made, and templates that are refused."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import unique

QUEUE = {"Type": "AWS::SQS::Queue"}
BROKEN = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "no name!"}}


class Stacks:
    def __init__(self, aws: EmbeddedAws) -> None:
        self.client = aws.client("cloudformation")
        self.names: list[str] = []

    def create(self, name: str = "", *, outputs: Any = None, **more: Any) -> str:
        name = name or unique("stack")
        self.names.append(name)
        resources = more.pop("resources")
        body = json.dumps({"Resources": resources, "Outputs": outputs or {}})
        self.client.create_stack(StackName=name, TemplateBody=body, **more)
        return name

    def described(self, name: str) -> dict[str, Any]:
        (found,) = self.client.describe_stacks(StackName=name)["Stacks"]
        return dict(found)


@pytest.fixture
def stacks(embedded_aws: EmbeddedAws) -> Iterator[Stacks]:
    made = Stacks(embedded_aws)
    yield made
    for name in made.names:
        made.client.delete_stack(StackName=name)


def test_a_stack_that_cannot_be_made_is_removed_and_says_why(
    embedded_aws: EmbeddedAws, stacks: Stacks
) -> None:
    name, first = unique("stack"), unique("queue")
    resources = {
        "First": {**QUEUE, "Properties": {"QueueName": first}},
        "Second": {**BROKEN, "DependsOn": "First"},
    }
    stacks.create(name, resources=resources, outputs={"Q": {"Value": {"Ref": "Second"}}})

    told = stacks.described(name)
    assert told["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "failed to create: [Second]" in told["StackStatusReason"]
    assert "alphanumeric characters" in told["StackStatusReason"]
    events = stacks.client.describe_stack_events(StackName=name)["StackEvents"]
    (failed,) = [one for one in events if one["LogicalResourceId"] == "Second"]
    assert failed["ResourceStatus"] == "CREATE_FAILED"
    assert "QueueUrls" not in embedded_aws.client("sqs").list_queues(QueueNamePrefix=first)

    with pytest.raises(ClientError, match=r"already exists .*failed to create: \[Second\]"):
        stacks.create(name, resources={"First": QUEUE})
    stacks.client.delete_stack(StackName=name)
    stacks.create(name, resources={"First": QUEUE})
    assert stacks.described(name)["StackStatus"] == "CREATE_COMPLETE"


def test_a_stack_may_keep_what_was_made_of_it(stacks: Stacks) -> None:
    resources = {"First": QUEUE, "Second": {**BROKEN, "DependsOn": "First"}}
    name = stacks.create(resources=resources, OnFailure="DO_NOTHING")

    assert stacks.described(name)["StackStatus"] == "CREATE_FAILED"
    there = stacks.client.describe_stack_resources(StackName=name)["StackResources"]
    assert [one["LogicalResourceId"] for one in there] == ["First"]


def test_a_stack_that_cannot_be_deleted_stays(embedded_aws: EmbeddedAws, stacks: Stacks) -> None:
    bucket = unique("bucket")
    made = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": bucket}}
    name = stacks.create(resources={"B": made})
    s3 = embedded_aws.client("s3")
    s3.put_object(Bucket=bucket, Key="key")

    stacks.client.delete_stack(StackName=name)

    told = stacks.described(name)
    assert told["StackStatus"] == "DELETE_FAILED"
    assert "BucketNotEmpty" in told["StackStatusReason"]
    s3.delete_object(Bucket=bucket, Key="key")
    stacks.client.delete_stack(StackName=name)
    with pytest.raises(ClientError, match="does not exist"):
        stacks.described(name)


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        ({"R": {"Type": "AWS::Nope::X"}}, r"Unrecognized resource types: \[AWS::Nope::X\]"),
        (
            {"R": {"Type": "AWS::Serverless::Function"}},
            r"Unrecognized resource types: \[AWS::Serverless::Function\]",
        ),
        (
            {"R": {**QUEUE, "Properties": {"QueueName": {"Ref": "Absent"}}}},
            r"Unresolved resource dependencies \[Absent\]",
        ),
    ],
)
def test_a_template_is_refused_by_name(
    stacks: Stacks, template: dict[str, Any], reason: str
) -> None:
    for refused in (
        lambda: stacks.create(resources=template),
        lambda: stacks.client.create_change_set(
            StackName=unique("stack"),
            ChangeSetName="change",
            ChangeSetType="CREATE",
            TemplateBody=json.dumps({"Resources": template}),
        ),
    ):
        with pytest.raises(ClientError, match=reason) as raised:
            refused()
        assert raised.value.response["Error"]["Code"] == "ValidationError"


def test_a_property_that_would_be_passed_over_is_refused_by_name(stacks: Stacks) -> None:
    made = {"Type": "AWS::S3::Bucket", "Properties": {"ReplicationConfiguration": {}}}
    name = stacks.create(resources={"B": made})
    assert (
        "ReplicationConfiguration of AWS::S3::Bucket" in stacks.described(name)["StackStatusReason"]
    )


def test_validation_tells_the_parameters(stacks: Stacks) -> None:
    parameters = {"P": {"Type": "String", "Default": "d", "NoEcho": True, "Description": "a p"}}
    body = json.dumps(
        {
            "Parameters": parameters,
            "Resources": {"Q": {**QUEUE, "Properties": {"QueueName": {"Ref": "P"}}}},
        }
    )
    (told,) = stacks.client.validate_template(TemplateBody=body)["Parameters"]
    assert told == {"ParameterKey": "P", "DefaultValue": "d", "NoEcho": True, "Description": "a p"}
