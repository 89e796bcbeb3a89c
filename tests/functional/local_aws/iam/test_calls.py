"""Calls that are made with credentials of a role, over HTTP."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.support.asking import ask
from tests.support.roles import ACCOUNT, acting_as, allow, deny, grant, make_role, policy


@pytest.fixture
def role(embedded_aws: EmbeddedAws) -> str:
    """A role that may do nothing yet."""
    return make_role(embedded_aws)


@pytest.fixture
def bucket(embedded_aws: EmbeddedAws) -> str:
    name = f"held-{uuid4().hex[:12]}"
    s3 = embedded_aws.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="in/x", Body=b"x")
    return name


def refused(call: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
    """Make the call; return the error that AWS would answer with, HTTP 403."""
    with pytest.raises(ClientError) as error:
        call(**arguments)
    response: Any = error.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 403
    told: dict[str, Any] = response["Error"]
    return told


def named(role: str) -> str:
    return f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.rpartition('/')[2]}/me"


def test_a_call_that_no_policy_allows_is_denied_and_says_what_is_missing(
    embedded_aws: EmbeddedAws, role: str
) -> None:
    states = acting_as(embedded_aws, role, "stepfunctions")
    machine = f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m"

    error = refused(states.list_executions, stateMachineArn=machine)

    assert error["Code"] == "AccessDeniedException"
    assert error["Message"] == (
        f"User: {named(role)} is not authorized to perform: states:ListExecutions on resource: "
        f"{machine} because no identity-based policy allows the states:ListExecutions action"
    )


@pytest.mark.parametrize(
    ("asked", "arguments", "code_and_text"),
    [
        ("sns.create_topic", {"Name": "t"}, ("AuthorizationError", "sns:CreateTopic")),
        ("sqs.create_queue", {"QueueName": "q"}, ("AccessDeniedException", "sqs:CreateQueue")),
        ("iam.list_roles", {}, ("AccessDenied", "iam:ListRoles")),
        ("lambda.invoke", {"FunctionName": "f"}, ("AccessDeniedException", "lambda:Invoke")),
        ("sagemaker.list_models", {}, ("AccessDeniedException", "sagemaker:ListModels")),
        ("logs.describe_log_groups", {}, ("AccessDeniedException", "logs:DescribeLogGroups")),
        ("events.describe_rule", {"Name": "r"}, ("AccessDeniedException", "rule/r ")),
        ("dynamodb.list_tables", {}, ("AccessDeniedException", "dynamodb:ListTables")),
        ("s3.list_buckets", {}, ("AccessDenied", "s3:ListAllMyBuckets")),
    ],
)
def test_each_service_says_it_in_its_own_protocol(
    embedded_aws: EmbeddedAws,
    role: str,
    asked: str,
    arguments: dict[str, Any],
    code_and_text: tuple[str, str],
) -> None:
    service, operation = asked.split(".")
    client = acting_as(embedded_aws, role, service)

    error = refused(getattr(client, operation), **arguments)

    assert error["Code"] == code_and_text[0]
    assert code_and_text[1] in error["Message"]


def test_actions_and_resources_count(embedded_aws: EmbeddedAws, role: str, bucket: str) -> None:
    grant(embedded_aws, role, allow("s3:GetObject", f"arn:aws:s3:::{bucket}/in/*"))
    s3 = acting_as(embedded_aws, role, "s3")

    assert s3.get_object(Bucket=bucket, Key="in/x")["Body"].read() == b"x"
    error = refused(s3.get_object, Bucket=bucket, Key="out/x")
    assert f's3:GetObject on resource: "arn:aws:s3:::{bucket}/out/x"' in error["Message"]
    error = refused(s3.put_object, Bucket=bucket, Key="in/x", Body=b"y" * 300_000)
    assert "s3:PutObject" in error["Message"]
    refused(s3.copy_object, Bucket=bucket, Key="in/y", CopySource=f"{bucket}/in/x")
    refused(s3.delete_objects, Bucket=bucket, Delete={"Objects": [{"Key": "in/x"}]})
    refused(s3.create_multipart_upload, Bucket=bucket, Key="in/large")
    assert s3.head_object(Bucket=bucket, Key="in/x")["ContentLength"] == 1


def test_a_copy_of_what_has_tags_needs_the_right_to_them(
    embedded_aws: EmbeddedAws, role: str, bucket: str
) -> None:
    grant(embedded_aws, role, allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{bucket}/*"))
    tags = {"TagSet": [{"Key": "scanned", "Value": "clean"}]}
    embedded_aws.client("s3").put_object_tagging(Bucket=bucket, Key="in/x", Tagging=tags)
    copy = {"Bucket": bucket, "Key": "in/y", "CopySource": f"{bucket}/in/x"}
    s3 = acting_as(embedded_aws, role, "s3")

    error = refused(s3.copy_object, **copy)
    s3.copy_object(**copy, TaggingDirective="REPLACE")

    assert "s3:GetObjectTagging" in error["Message"]


def test_a_grant_and_its_end_are_seen_at_once(embedded_aws: EmbeddedAws, role: str) -> None:
    sqs = acting_as(embedded_aws, role, "sqs")

    grant(embedded_aws, role, allow("sqs:ListQueues"))
    sqs.list_queues()
    grant(embedded_aws, role)
    refused(sqs.list_queues)


def test_an_explicit_deny_wins(embedded_aws: EmbeddedAws, role: str, bucket: str) -> None:
    grant(embedded_aws, role, allow("s3:*"), deny("s3:Delete*", f"arn:aws:s3:::{bucket}/in/*"))
    s3 = acting_as(embedded_aws, role, "s3")

    s3.put_object(Bucket=bucket, Key="in/y", Body=b"y")
    error = refused(s3.delete_object, Bucket=bucket, Key="in/y")

    assert error["Message"].endswith("with an explicit deny in an identity-based policy")


def test_an_attached_policy_counts(embedded_aws: EmbeddedAws, role: str) -> None:
    iam = embedded_aws.client("iam")
    attached = iam.create_policy(
        PolicyName=f"attached-{uuid4().hex[:8]}", PolicyDocument=policy(allow("sqs:ListQueues"))
    )["Policy"]["Arn"]
    sqs = acting_as(embedded_aws, role, "sqs")

    refused(sqs.list_queues)
    iam.attach_role_policy(RoleName=role.rpartition("/")[2], PolicyArn=attached)
    sqs.list_queues()


def test_what_is_not_there_is_seen_by_who_may_list(
    embedded_aws: EmbeddedAws, role: str, bucket: str
) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html"""
    reading = allow("s3:GetObject", f"arn:aws:s3:::{bucket}/*")
    grant(embedded_aws, role, reading)
    s3 = acting_as(embedded_aws, role, "s3")

    assert "s3:ListBucket" in refused(s3.get_object, Bucket=bucket, Key="none")["Message"]
    assert refused(s3.head_object, Bucket=bucket, Key="none")["Code"] == "403"

    grant(embedded_aws, role, reading, allow("s3:ListBucket", f"arn:aws:s3:::{bucket}"))
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="none")
    with pytest.raises(ClientError, match="404"):
        s3.head_object(Bucket=bucket, Key="none")


def test_a_list_is_held_to_its_prefix(embedded_aws: EmbeddedAws, role: str, bucket: str) -> None:
    only_in = {"StringLike": {"s3:prefix": "in/*"}}
    grant(embedded_aws, role, allow("s3:ListBucket", f"arn:aws:s3:::{bucket}", Condition=only_in))
    s3 = acting_as(embedded_aws, role, "s3")

    assert s3.list_objects_v2(Bucket=bucket, Prefix="in/")["KeyCount"] == 1
    refused(s3.list_objects_v2, Bucket=bucket, Prefix="out/")
    refused(s3.list_objects_v2, Bucket=bucket)


def test_a_bucket_that_asks_for_tls_is_reached_and_its_other_denies_hold(
    embedded_aws: EmbeddedAws, role: str, bucket: str
) -> None:
    plain_http = {"Bool": {"aws:SecureTransport": "false"}}
    everything = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    embedded_aws.client("s3").put_bucket_policy(
        Bucket=bucket,
        Policy=policy(
            deny("s3:*", everything, Principal="*", Condition=plain_http),
            deny("s3:DeleteObject", everything, Principal="*"),
        ),
    )
    grant(embedded_aws, role, allow("s3:*"))
    s3 = acting_as(embedded_aws, role, "s3")

    assert s3.get_object(Bucket=bucket, Key="in/x")["Body"].read() == b"x"
    error = refused(s3.delete_object, Bucket=bucket, Key="in/x")
    assert error["Message"].endswith("with an explicit deny in a resource-based policy")


def test_a_bucket_may_let_a_role_in(embedded_aws: EmbeddedAws, role: str, bucket: str) -> None:
    everything = f"arn:aws:s3:::{bucket}/*"
    s3 = acting_as(embedded_aws, role, "s3")

    embedded_aws.client("s3").put_bucket_policy(
        Bucket=bucket,
        Policy=policy(
            allow("s3:GetObject", everything, Principal={"AWS": role}),
            allow("s3:PutObject", everything, Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
        ),
    )

    assert s3.get_object(Bucket=bucket, Key="in/x")["Body"].read() == b"x"
    refused(s3.put_object, Bucket=bucket, Key="in/y")  # the account is let, which lets nobody yet


def test_a_presigned_url_is_held_to_its_signer(
    embedded_aws: EmbeddedAws, role: str, bucket: str
) -> None:
    grant(embedded_aws, role, allow("s3:GetObject", f"arn:aws:s3:::{bucket}/in/*"))
    s3 = acting_as(embedded_aws, role, "s3")

    def url(key: str) -> str:
        asked = {"Bucket": bucket, "Key": key}
        return str(s3.generate_presigned_url("get_object", Params=asked))

    with urllib.request.urlopen(url("in/x")) as answer:
        assert answer.read() == b"x"
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url("out/x"))


def test_metrics_are_held_to_their_namespace(embedded_aws: EmbeddedAws, role: str) -> None:
    own = {"StringEquals": {"cloudwatch:namespace": "own"}}
    grant(embedded_aws, role, allow("cloudwatch:PutMetricData", Condition=own))
    cloudwatch = acting_as(embedded_aws, role, "cloudwatch")
    data = [{"MetricName": "m", "Value": 1.0}]

    cloudwatch.put_metric_data(Namespace="own", MetricData=data)
    refused(cloudwatch.put_metric_data, Namespace="others", MetricData=data)


def test_a_token_that_is_not_the_keys_own_is_refused(embedded_aws: EmbeddedAws, role: str) -> None:
    grant(embedded_aws, role, allow("*"))
    sqs = acting_as(embedded_aws, role, "sqs")
    sqs._request_signer._credentials.token = "another"

    assert refused(sqs.list_queues)["Code"] == "UnrecognizedClientException"


def test_credentials_say_whose_they_are(embedded_aws: EmbeddedAws, role: str) -> None:
    identity = acting_as(embedded_aws, role, "sts").get_caller_identity()

    assert identity["Arn"] == named(role)


def test_a_sessions_own_policy_makes_it_smaller(embedded_aws: EmbeddedAws, role: str) -> None:
    grant(embedded_aws, role, allow("sqs:*"))
    small = acting_as(embedded_aws, role, "sqs", session_policy=policy(allow("sqs:ListQueues")))

    small.list_queues()
    refused(small.create_queue, QueueName="q")


def test_the_administrator_may_do_everything(embedded_aws: EmbeddedAws, bucket: str) -> None:
    embedded_aws.client("s3").put_bucket_policy(
        Bucket=bucket, Policy=policy(deny("s3:*", f"arn:aws:s3:::{bucket}/*", Principal="*"))
    )

    assert embedded_aws.client("s3").get_object(Bucket=bucket, Key="in/x")["Body"].read() == b"x"


def test_what_was_used_and_what_was_lacking_is_told(
    embedded_aws: EmbeddedAws, role: str, bucket: str
) -> None:
    grant(embedded_aws, role, allow("sqs:List*"), allow("s3:GetObject", "arn:aws:s3:::*/in/*"))
    s3 = acting_as(embedded_aws, role, "s3")
    for _ in range(2):
        s3.get_object(Bucket=bucket, Key="in/x")
    refused(s3.get_object, Bucket=bucket, Key="out")

    told = json.loads(ask(embedded_aws, "/moto-api/authorizations"))[role]

    assert told == {
        "used": [
            {
                "action": "s3:GetObject",
                "resource": f"arn:aws:s3:::{bucket}/in/x",
                "calls": 2,
                "policy": "granted",
                "statement": 1,
            }
        ],
        "denied": [
            {"action": "s3:GetObject", "resource": f"arn:aws:s3:::{bucket}/out", "calls": 1}
        ],
    }
    log = (embedded_aws.data_folder / "server.log").read_text()
    assert f"WARNING local_aws.iam.authorization: denied: User: {named(role)}" in log
