"""What is not there: an error that SDKs can read, and do not repeat in vain."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws

VERSION = "arn:aws:lambda:us-east-1:123456789012:layer:name:1"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:queue"
# Calls that moto does not have: of every protocol, and of a service that moto does not have.
MISSING = [
    (("logs", "describe_query_definitions", {}), (400, "UnknownOperationException")),
    (("sqs", "start_message_move_task", {"SourceArn": QUEUE}), (400, "UnknownOperationException")),
    (("lambda", "get_layer_version_by_arn", {"Arn": VERSION}), (404, "UnknownOperationException")),
    (("lambda", "list_code_signing_configs", {}), (404, "UnknownOperationException")),
    (("iam", "get_account_properties", {}), (400, "InvalidAction")),
    (("cloudformation", "describe_account_limits", {}), (400, "InvalidAction")),
    (("ec2", "describe_fast_launch_images", {}), (400, "InvalidAction")),
    (("route53", "get_checker_ip_ranges", {}), (404, "UnknownOperationException")),
    (("cloudwatch", "describe_alarm_history", {}), (400, "UnknownOperationException")),
    (("cloud9", "list_environments", {}), (400, "UnknownOperationException")),
]


def refused(client: Any, operation: str, **parameters: Any) -> ClientError:
    with pytest.raises(ClientError) as caught:
        getattr(client, operation)(**parameters)
    return caught.value


@pytest.mark.parametrize(("call", "refusal"), MISSING)
def test_what_is_not_there_is_refused_once_and_by_name(
    embedded_aws: EmbeddedAws, call: tuple[str, str, dict[str, Any]], refusal: tuple[int, str]
) -> None:
    service, operation, parameters = call
    error = refused(embedded_aws.client(service), operation, **parameters)

    about = error.response["ResponseMetadata"]
    said = error.response["Error"]
    assert said["Message"].startswith(f"The embedded AWS does not have {service}/")
    assert (about["HTTPStatusCode"], said["Code"]) == refusal
    assert about["RetryAttempts"] == 0


def test_what_s3_does_not_have_is_not_taken_for_another_operation(
    embedded_aws: EmbeddedAws,
) -> None:
    s3 = embedded_aws.client("s3")
    s3.create_bucket(Bucket="loses-nothing")

    error = refused(s3, "delete_bucket_metrics_configuration", Bucket="loses-nothing", Id="all")

    assert str(error).endswith("The embedded AWS does not have s3/DeleteBucketMetricsConfiguration")
    assert error.response["Error"]["Code"] == "MethodNotAllowed"
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 405
    s3.head_bucket(Bucket="loses-nothing")
