"""Stacks on the embedded AWS, whatever their template is."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import unique
from tests.support.waiting import eventually

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


def template(name: str, *, days: int = 1, answer: str = "1") -> dict[str, Any]:
    """A queue with a function that has to come after it, by a name that CloudFormation gives."""
    document = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sqs:SendMessage",
                "Resource": {"Fn::GetAtt": ["Q", "Arn"]},
            }
        ],
    }
    policies = [{"PolicyName": "send", "PolicyDocument": document}]
    code = {"S3Bucket": f"{name}-code", "S3Key": f"{answer}.zip"}
    return {
        "Resources": {
            "Said": {
                "Type": "AWS::Lambda::EventInvokeConfig",
                "Properties": {"FunctionName": {"Ref": "F"}, "Qualifier": "$LATEST"}
                | {"MaximumRetryAttempts": days % 3},
            },
            "F": {
                "Type": "AWS::Lambda::Function",
                "DependsOn": ["R"],
                "Properties": {
                    "FunctionName": name,
                    "Code": code,
                    "Handler": "code.handler",
                    "Runtime": "python3.11",
                    "Role": {"Fn::Sub": f"arn:aws:iam::${{AWS::AccountId}}:role/{name}"},
                    "Tags": [{"Key": "answer", "Value": answer}],
                },
            },
            "R": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "RoleName": name,
                    "AssumeRolePolicyDocument": TRUST,
                    "Policies": policies,
                },
            },
            "Q": {
                "Type": "AWS::SQS::Queue",
                "Properties": {"MessageRetentionPeriod": days * 86_400},
            },
        },
        "Outputs": {"Queue": {"Value": {"Ref": "Q"}}},
    }


class Stack:
    def __init__(self, aws: EmbeddedAws, name: str) -> None:
        self.aws = aws
        self.name = name
        self.stacks = aws.client("cloudformation")
        self.lambdas = aws.client("lambda")

    def put_code(self) -> None:
        s3 = self.aws.client("s3")
        s3.create_bucket(Bucket=f"{self.name}-code")
        for answer in ("1", "2"):
            content = io.BytesIO()
            with zipfile.ZipFile(content, "w") as archive:
                archive.writestr("code.py", f"def handler(event, context): return {answer}\n")
            s3.put_object(Bucket=f"{self.name}-code", Key=f"{answer}.zip", Body=content.getvalue())

    def change(self, kind: str, made: dict[str, Any]) -> None:
        self.execute(kind, made)
        eventually(lambda: self.described()["StackStatus"] == f"{kind}_COMPLETE")

    def execute(self, kind: str, made: dict[str, Any]) -> None:
        """As `aws cloudformation deploy` does, with the template in a bucket."""
        key = f"{unique('template')}.json"
        bucket = f"{self.name}-code"
        self.aws.client("s3").put_object(Bucket=bucket, Key=key, Body=json.dumps(made))
        named = {"StackName": self.name, "ChangeSetName": unique("change")}
        self.stacks.create_change_set(
            **named,
            ChangeSetType=kind,
            TemplateURL=f"{self.aws.endpoint}/{bucket}/{key}",
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        self.stacks.execute_change_set(**named)

    def described(self) -> dict[str, Any]:
        (found,) = self.stacks.describe_stacks(StackName=self.name)["Stacks"]
        return dict(found)

    def queue(self) -> str:
        (output,) = self.described()["Outputs"]
        return str(output["OutputValue"])

    def retention(self) -> str:
        sqs = self.aws.client("sqs")
        found = sqs.get_queue_attributes(QueueUrl=self.queue(), AttributeNames=["All"])
        return str(found["Attributes"]["MessageRetentionPeriod"])

    def answer(self) -> Any:
        return json.loads(self.lambdas.invoke(FunctionName=self.name)["Payload"].read())


@pytest.fixture
def stack(embedded_aws: EmbeddedAws) -> Iterator[Stack]:
    made = Stack(embedded_aws, unique("stack"))
    made.put_code()
    made.change("CREATE", template(made.name))
    yield made
    made.stacks.delete_stack(StackName=made.name)


def test_a_stack_is_made_in_order_and_says_what_came_of_it(stack: Stack) -> None:
    assert stack.answer() == 1
    assert stack.retention() == "86400"
    role = stack.aws.client("iam").get_role_policy(RoleName=stack.name, PolicyName="send")
    (statement,) = role["PolicyDocument"]["Statement"]
    assert statement["Resource"].endswith(stack.queue().rpartition("/")[2])
    kinds = stack.stacks.describe_stack_resources(StackName=stack.name)["StackResources"]
    assert {one["LogicalResourceId"] for one in kinds} == {"Said", "F", "R", "Q"}


def test_a_changed_template_changes_what_is_there(stack: Stack) -> None:
    before = stack.queue()

    stack.change("UPDATE", template(stack.name, days=2, answer="2"))

    assert (stack.queue(), stack.retention()) == (before, "172800")
    assert stack.answer() == 2
    found = stack.lambdas.get_function(FunctionName=stack.name)
    assert found["Tags"] == {"answer": "2"}
    said = stack.lambdas.get_function_event_invoke_config(FunctionName=stack.name)
    assert said["MaximumRetryAttempts"] == 2


def test_a_deleted_stack_leaves_nothing_though_some_was_deleted_by_hand(stack: Stack) -> None:
    stack.lambdas.delete_function(FunctionName=stack.name)

    stack.stacks.delete_stack(StackName=stack.name)

    iam = stack.aws.client("iam")
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.get_role(RoleName=stack.name)


def test_a_stack_is_kept(tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path) as aws:
        before = Stack(aws, "kept")
        before.put_code()
        before.change("CREATE", template("kept"))
        queue = before.queue()
    assert "is not kept" not in (tmp_path / "server.log").read_text()

    with EmbeddedAws(tmp_path) as aws:
        after = Stack(aws, "kept")
        assert after.queue() == queue
        after.change("UPDATE", template("kept", days=2))
        assert after.retention() == "172800"
        after.stacks.delete_stack(StackName="kept")
        assert aws.client("sqs").list_queues().get("QueueUrls", []) == []


def with_version(made: dict[str, Any], number: str) -> dict[str, Any]:
    """The template, with a version of its function that says so in an output."""
    version = {
        "Type": "AWS::Lambda::Version",
        "DeletionPolicy": "Retain",
        "Properties": {"FunctionName": {"Ref": "F"}},
    }
    outputs = {**made["Outputs"], "Version": {"Value": {"Ref": f"Version{number}"}}}
    return {"Resources": {f"Version{number}": version, **made["Resources"]}, "Outputs": outputs}


def test_a_version_is_published_of_what_the_update_brought_and_stays(stack: Stack) -> None:
    for number in ("1", "2"):
        of_now = with_version(template(stack.name, answer=number), number)
        stack.change("UPDATE", of_now)

    found = {one["OutputKey"]: one["OutputValue"] for one in stack.described()["Outputs"]}
    assert found["Version"].endswith(f":function:{stack.name}:2")
    for number in (1, 2):
        answer = stack.lambdas.invoke(FunctionName=stack.name, Qualifier=str(number))
        assert json.loads(answer["Payload"].read()) == number


def test_a_version_of_an_unchanged_function_is_refused(stack: Stack) -> None:
    stack.change("UPDATE", with_version(template(stack.name), "1"))

    stack.execute("UPDATE", with_version(template(stack.name), "Again"))

    told = stack.described()
    assert told["StackStatus"] == "UPDATE_FAILED"
    assert "A version for this Lambda function exists ( 1 )" in told["StackStatusReason"]
    stack.change("UPDATE", template(stack.name))
