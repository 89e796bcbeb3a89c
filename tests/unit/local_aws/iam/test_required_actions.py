"""Which actions a call needs, held against the list of actions that AWS publishes."""

import json
import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import botocore.session
import pytest

from local_aws.iam.actions import required_s3
from local_aws.iam.actions.dependent import DEPENDENTS
from local_aws.iam.actions.required import RESOURCES, Place, required
from local_aws.requests.calls import Call

PLACE = Place("aws", "eu-west-1", "123456789012")
WHERE = "eu-west-1:123456789012"
PREFIXES = {"stepfunctions": "states"}

SERVING_REPOSITORY = "arn:aws:ecr:us-west-2:123456789012:repository/a/serving"

Needed = list[tuple[str, str]]


def needed(service: str, operation: str, **parameters: Any) -> Needed:
    found = required(Call(service, operation), parameters, PLACE)
    return [(each.action, each.resource) for each in found]


def of_s3(operation: str, bucket: str = "b", key: str = "", **environ: str) -> Needed:
    path = {"Bucket": bucket} | ({"Key": key} if key else {}) if bucket else {}
    call = Call("s3", operation, path_parameters=path)
    found = required_s3.required(call, environ, "aws")  # type: ignore[arg-type]
    return [(each.action, each.resource) for each in found]


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    """The actions of every service with the types of their resources, as cfn-lint carries them."""
    data = files("cfnlint") / "data" / "AdditionalSpecs" / "Policies.json"
    content: dict[str, Any] = json.loads(data.read_text(encoding="utf-8"))
    return content


def listed() -> Iterator[tuple[str, str, str]]:
    for service, resources in RESOURCES.items():
        for template, operations in resources.items():
            for operation in operations.split():
                yield service, operation, template


@pytest.mark.parametrize(("service", "operation", "template"), list(listed()))
def test_every_listed_action_is_one_of_aws_on_such_a_resource(
    published: dict[str, Any], service: str, operation: str, template: str
) -> None:
    members = dict.fromkeys(re.findall(r"{(\w+)}", template), "x")
    members |= {"Rule": "x"} if service == "events" else {}
    whole = template.startswith("{") and template.endswith("}")
    first = required(Call(service, operation), members, PLACE)
    prefix, _, name = next(first).action.partition(":")

    action = published[prefix]["Actions"][name.lower()]
    arn = PLACE.arn(prefix, template.replace("{", "").replace("}", ""))
    formats = [
        pattern.replace("${Partition}", "aws")
        .replace("${Region}", "[^:]*")
        .replace("${Account}", "[^:]*")
        for kind in action["Resources"]
        for pattern in published[prefix]["Resources"][kind.lower()]["ARNFormats"]
    ]
    assert formats, "AWS knows no resource for it"
    assert whole or any(re.match(pattern, arn) for pattern in formats)


def test_every_dependent_action_is_one_of_aws_and_names_its_source(
    published: dict[str, Any],
) -> None:
    for row in DEPENDENTS:
        model = botocore.session.get_session().get_service_model(row.service)
        assert set(row.operations.split()) <= set(model.operation_names)
        for action in row.actions.split():
            prefix, _, name = action.partition(":")
            assert name.lower() in published[prefix]["Actions"]
        assert row.source.startswith("https://docs.aws.amazon.com/")


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        (
            "sagemaker",
            "CreateTrainingJob",
            {"TrainingJobName": "t", "RoleArn": "arn:aws:iam::1:role/jobs", "Tags": [{"Key": "k"}]},
            [
                ("sagemaker:CreateTrainingJob", f"arn:aws:sagemaker:{WHERE}:training-job/t"),
                ("sagemaker:AddTags", f"arn:aws:sagemaker:{WHERE}:training-job/t"),
                ("iam:PassRole", "arn:aws:iam::1:role/jobs"),
            ],
        ),
        (
            "sagemaker",
            "CreateModelPackage",
            {"ModelPackageGroupName": f"arn:aws:sagemaker:{WHERE}:model-package-group/g"},
            [("sagemaker:CreateModelPackage", f"arn:aws:sagemaker:{WHERE}:model-package/g/*")],
        ),
        (
            "sagemaker",
            "CreateModelPackage",
            {
                "ModelPackageGroupName": "g",
                "InferenceSpecification": {
                    "Containers": [
                        {
                            "Image": "123456789012.dkr.ecr.us-west-2.amazonaws.com/a/serving:2.19",
                            "ModelDataUrl": "s3://b/runs/r/model.tar.gz",
                        },
                        {"Image": "registry.example/other:1"},
                    ]
                },
            },
            [
                ("sagemaker:CreateModelPackage", f"arn:aws:sagemaker:{WHERE}:model-package/g/*"),
                ("ecr:BatchGetImage", SERVING_REPOSITORY),
                ("ecr:DescribeImages", SERVING_REPOSITORY),
                ("s3:GetObject", "arn:aws:s3:::b/runs/r/model.tar.gz"),
            ],
        ),
        (
            "sagemaker",
            "CreateTrainingJob",
            {
                "TrainingJobName": "t",
                "OutputDataConfig": {"KmsKeyId": "arn:aws:kms:x:1:key/outputs"},
                "ResourceConfig": {"VolumeKmsKeyId": "volumes"},
            },
            [
                ("sagemaker:CreateTrainingJob", f"arn:aws:sagemaker:{WHERE}:training-job/t"),
                ("kms:CreateGrant", "arn:aws:kms:x:1:key/outputs"),
                ("kms:DescribeKey", "arn:aws:kms:x:1:key/outputs"),
                ("kms:CreateGrant", "arn:aws:kms:*:*:key/volumes"),
                ("kms:DescribeKey", "arn:aws:kms:*:*:key/volumes"),
            ],
        ),
        (
            "sagemaker",
            "DescribeModelPackage",
            {"ModelPackageName": f"arn:aws:sagemaker:{WHERE}:model-package/g/3"},
            [("sagemaker:DescribeModelPackage", f"arn:aws:sagemaker:{WHERE}:model-package/g/3")],
        ),
        (
            "sagemaker",
            "CreateTrial",
            {"ExperimentName": "e", "TrialName": "t"},
            [
                ("sagemaker:CreateTrial", f"arn:aws:sagemaker:{WHERE}:experiment/e"),
                ("sagemaker:CreateTrial", f"arn:aws:sagemaker:{WHERE}:experiment-trial/t"),
            ],
        ),
        ("sagemaker", "ListTrainingJobs", {}, [("sagemaker:ListTrainingJobs", "*")]),
        (
            "lambda",
            "Invoke",
            {"FunctionName": "f", "Qualifier": "live"},
            [("lambda:InvokeFunction", f"arn:aws:lambda:{WHERE}:function:f:live")],
        ),
        (
            "lambda",
            "Invoke",
            {"FunctionName": "123456789012:function:f"},
            [("lambda:InvokeFunction", f"arn:aws:lambda:{WHERE}:function:f")],
        ),
        (
            "stepfunctions",
            "StartExecution",
            {"stateMachineArn": "arn:aws:states:x:1:stateMachine:m"},
            [("states:StartExecution", "arn:aws:states:x:1:stateMachine:m")],
        ),
        (
            "sqs",
            "SendMessageBatch",
            {"QueueUrl": "http://127.0.0.1:1/123456789012/q"},
            [("sqs:SendMessage", f"arn:aws:sqs:{WHERE}:q")],
        ),
        (
            "sns",
            "Unsubscribe",
            {"SubscriptionArn": "arn:aws:sns:x:1:t:0"},
            [("sns:Unsubscribe", "*")],
        ),
        (
            "logs",
            "CreateLogGroup",
            {"logGroupName": "/g"},
            [("logs:CreateLogGroup", f"arn:aws:logs:{WHERE}:log-group:/g:log-stream:")],
        ),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "/g", "logStreamName": "s"},
            [("logs:PutLogEvents", f"arn:aws:logs:{WHERE}:log-group:/g:log-stream:s")],
        ),
        (
            "events",
            "PutTargets",
            {"Rule": "r", "Targets": [{"Id": "1", "RoleArn": "arn:aws:iam::1:role/x"}]},
            [
                ("events:PutTargets", f"arn:aws:events:{WHERE}:rule/r"),
                ("iam:PassRole", "arn:aws:iam::1:role/x"),
            ],
        ),
        (
            "events",
            "PutRule",
            {"Name": "r", "EventBusName": "own"},
            [("events:PutRule", f"arn:aws:events:{WHERE}:rule/own/r")],
        ),
        (
            "events",
            "PutEvents",
            {"Entries": [{}, {"EventBusName": "own"}]},
            [
                ("events:PutEvents", f"arn:aws:events:{WHERE}:event-bus/default"),
                ("events:PutEvents", f"arn:aws:events:{WHERE}:event-bus/own"),
            ],
        ),
        ("cloudwatch", "PutMetricData", {}, [("cloudwatch:PutMetricData", "*")]),
        (
            "iam",
            "GetRole",
            {"RoleName": "r"},
            [("iam:GetRole", "arn:aws:iam::123456789012:role/r")],
        ),
        ("sts", "GetCallerIdentity", {}, []),
        ("dynamodb", "GetItem", {"TableName": "t"}, [("dynamodb:GetItem", "*")]),
    ],
)
def test_what_calls_need(
    service: str, operation: str, parameters: dict[str, Any], expected: Needed
) -> None:
    assert needed(service, operation, **parameters) == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (of_s3("ListBuckets", bucket=""), [("s3:ListAllMyBuckets", "*")]),
        (of_s3("HeadBucket"), [("s3:ListBucket", "arn:aws:s3:::b")]),
        (of_s3("ListObjectsV2"), [("s3:ListBucket", "arn:aws:s3:::b")]),
        (of_s3("ListObjectVersions"), [("s3:ListBucketVersions", "arn:aws:s3:::b")]),
        (of_s3("HeadObject", key="k"), [("s3:GetObject", "arn:aws:s3:::b/k")]),
        (
            of_s3("GetObject", key="a/k", QUERY_STRING="versionId=1"),
            [("s3:GetObjectVersion", "arn:aws:s3:::b/a/k")],
        ),
        (of_s3("UploadPart", key="k"), [("s3:PutObject", "arn:aws:s3:::b/k")]),
        (of_s3("AbortMultipartUpload", key="k"), [("s3:AbortMultipartUpload", "arn:aws:s3:::b/k")]),
        (
            of_s3("PutObject", key="k", HTTP_X_AMZ_TAGGING="n=1"),
            [("s3:PutObject", "arn:aws:s3:::b/k"), ("s3:PutObjectTagging", "arn:aws:s3:::b/k")],
        ),
        (
            of_s3("CopyObject", key="k", HTTP_X_AMZ_COPY_SOURCE="/c/a%3Fb"),
            [("s3:PutObject", "arn:aws:s3:::b/k"), ("s3:GetObject", "arn:aws:s3:::c/a?b")],
        ),
        (
            of_s3("UploadPartCopy", key="k", HTTP_X_AMZ_COPY_SOURCE="c/a?versionId=1"),
            [("s3:PutObject", "arn:aws:s3:::b/k"), ("s3:GetObjectVersion", "arn:aws:s3:::c/a")],
        ),
        (
            of_s3("PutBucketLifecycleConfiguration"),
            [("s3:PutLifecycleConfiguration", "arn:aws:s3:::b")],
        ),
    ],
)
def test_what_calls_of_s3_need(found: Needed, expected: Needed) -> None:
    assert found == expected


@pytest.mark.parametrize(
    ("directive", "more"),
    [
        (
            {},
            ["s3:GetObjectVersionTagging arn:aws:s3:::c/a", "s3:PutObjectTagging arn:aws:s3:::b/k"],
        ),
        ({"HTTP_X_AMZ_TAGGING_DIRECTIVE": "REPLACE"}, []),
    ],
)
def test_a_copy_needs_the_tagging_of_a_source_that_has_tags(
    directive: dict[str, str], more: list[str]
) -> None:
    call = Call("s3", "CopyObject", path_parameters={"Bucket": "b", "Key": "k"})
    environ: Any = {"HTTP_X_AMZ_COPY_SOURCE": "c/a?versionId=1", **directive}
    found = required_s3.required(call, environ, "aws", lambda source: source.bucket == "c")
    assert [f"{each.action} {each.resource}" for each in found][2:] == more


def test_every_operation_of_s3_is_an_action_of_aws(published: dict[str, Any]) -> None:
    known = published["s3"]["Actions"]
    renamed = [
        *required_s3._ACTIONS.values(),
        *required_s3._OF_A_VERSION.values(),
        *required_s3._ALSO_BY_HEADER.values(),
    ]

    assert [name for name in renamed if name.lower() not in known] == []
