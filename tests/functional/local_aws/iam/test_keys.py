"""Keys of KMS: what S3, SNS and Lambda do with a key is done with the rights of their caller."""

from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.conftest import Deploy
from tests.support.roles import acting_as, allow, grant, make_role

KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0000-4000-8000-0a1b2c3d4e5f"


@pytest.fixture
def bucket(embedded_aws: EmbeddedAws) -> str:
    """A bucket that encrypts with a key of KMS by default; an object of before is in it."""
    s3, name = embedded_aws.client("s3"), f"encrypted-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="before", Body=b"plain")
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    rule = {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(
        Bucket=name,
        ServerSideEncryptionConfiguration={"Rules": [rule]},  # type: ignore[list-item]
    )
    s3.put_object(Bucket=name, Key="after", Body=b"encrypted")
    return name


@pytest.fixture
def reader(embedded_aws: EmbeddedAws) -> str:
    """A role that may do everything in S3 and nothing with keys."""
    return make_role(embedded_aws, allow("s3:*"))


def test_an_encrypted_object_is_read_and_written_with_the_callers_right_to_the_key(
    embedded_aws: EmbeddedAws, bucket: str, reader: str
) -> None:
    s3 = acting_as(embedded_aws, reader, "s3")
    s3.get_object(Bucket=bucket, Key="before")
    with pytest.raises(ClientError, match="kms:Decrypt on resource: arn:aws:kms") as refused:
        s3.get_object(Bucket=bucket, Key="after")
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    with pytest.raises(ClientError, match="kms:GenerateDataKey"):
        s3.put_object(Bucket=bucket, Key="new", Body=b"")

    grant(embedded_aws, reader, allow("s3:*"), allow("kms:*", KEY))

    assert s3.get_object(Bucket=bucket, Key="after")["Body"].read() == b"encrypted"
    s3.put_object(Bucket=bucket, Key="new", Body=b"")
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "after"})


def test_a_copy_needs_both_rights_and_an_upload_in_parts_too(
    embedded_aws: EmbeddedAws, bucket: str, reader: str
) -> None:
    grant(embedded_aws, reader, allow("s3:*"), allow("kms:GenerateDataKey", KEY))
    s3 = acting_as(embedded_aws, reader, "s3")

    with pytest.raises(ClientError, match="kms:Decrypt"):
        s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "after"})
    with pytest.raises(ClientError, match="kms:Decrypt"):
        s3.create_multipart_upload(Bucket=bucket, Key="large")


def test_whoever_publishes_to_an_encrypted_topic_uses_its_key(
    embedded_aws: EmbeddedAws, reader: str
) -> None:
    topic = embedded_aws.client("sns").create_topic(
        Name=f"encrypted-{uuid4().hex[:8]}", Attributes={"KmsMasterKeyId": KEY}
    )["TopicArn"]
    grant(embedded_aws, reader, allow("sns:Publish"))
    sns = acting_as(embedded_aws, reader, "sns")

    with pytest.raises(ClientError, match="kms:GenerateDataKey"):
        sns.publish(TopicArn=topic, Message="hello")
    grant(embedded_aws, reader, allow("sns:Publish"), allow(["kms:*"], KEY))
    sns.publish(TopicArn=topic, Message="hello")


def test_a_log_group_and_a_function_that_are_there_get_a_key(
    embedded_aws: EmbeddedAws, deploy: Deploy
) -> None:
    logs, group = embedded_aws.client("logs"), f"encrypted-{uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=group)
    lambdas, name = embedded_aws.client("lambda"), deploy("def handler(event, context): ...")

    logs.associate_kms_key(logGroupName=group, kmsKeyId=KEY)
    lambdas.update_function_configuration(FunctionName=name, KMSKeyArn=KEY)

    (found,) = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert found["kmsKeyId"] == KEY
    assert lambdas.get_function_configuration(FunctionName=name)["KMSKeyArn"] == KEY
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.associate_kms_key(logGroupName="nowhere", kmsKeyId=KEY)
