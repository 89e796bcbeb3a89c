"""The table of what botocore's models do not say."""

import botocore.session
import pytest

from local_aws.requests.service_limits import LIMITS, Limit, broken, limit
from state_machine import limits, stage_names

# What the product refuses before, by the call that would be refused.
OF_THE_PRODUCT = {
    ("lambda/CreateFunction", "Environment.Variables"): limits.LAMBDA_ENVIRONMENT,
    ("lambda/CreateFunction", "FunctionName"): stage_names.FUNCTION.longest,
    ("sagemaker/CreateTrainingJob", "StoppingCondition.MaxWaitTimeInSeconds"): (
        limits.LONGEST_SPOT_WAIT
    ),
}


@pytest.mark.parametrize("each", LIMITS, ids=lambda each: f"{each.calls}-{each.member}")
def test_a_limit_names_calls_and_members_that_there_are_and_its_page(each: Limit) -> None:
    session = botocore.session.get_session()
    for call in each.calls:
        service, operation = call.split("/")
        shape = session.get_service_model(service).operation_model(operation).input_shape
        for member in each.member.split("."):
            shape = shape.members[member]
    assert each.page.startswith("https://docs.aws.amazon.com/")
    assert each.certainty in ("verified", "strong", "believed")
    assert each.pattern or each.measure


def test_what_the_product_says_of_the_same_bound_is_the_same() -> None:
    found = {(call, each.member): each.most for each in LIMITS for call in each.calls}

    assert {key: found[key] for key in OF_THE_PRODUCT} == OF_THE_PRODUCT


@pytest.mark.parametrize(
    ("call", "parameters", "said"),
    [
        ("lambda/CreateFunction", {"FunctionName": "f" * 65}, "at most 64 characters"),
        ("iam/CreateRole", {"AssumeRolePolicyDocument": "x " * 2049}, "ACLSizePerRole: 2048"),
        ("s3/PutObject", {"Key": "ü" * 513}, "too long"),
        ("stepfunctions/StartExecution", {"input": "ü" * 131073}, "262144 bytes"),
        ("sqs/CreateQueue", {"QueueName": "a b"}, "1 to 80 in length"),
    ],
)
def test_what_breaks_a_limit_is_said(call: str, parameters: dict[str, str], said: str) -> None:
    ((each, value),) = broken(call, parameters)

    assert said in each.said(value)


@pytest.mark.parametrize(
    ("call", "parameters"),
    [
        ("lambda/CreateFunction", {"FunctionName": f"arn:aws:lambda:us-east-1:1:f:{'f' * 64}"}),
        ("iam/CreateRole", {"AssumeRolePolicyDocument": "x " * 2048}),
        ("s3/CreateBucket", {"Bucket": "retrain-dev-123456789012-us-east-1"}),
        ("sqs/CreateQueue", {"QueueName": f"{'q' * 75}.fifo"}),
        ("s3/GetObject", {"Key": "x" * 2000}),
    ],
)
def test_what_keeps_to_it_is_not(call: str, parameters: dict[str, str]) -> None:
    assert list(broken(call, parameters)) == []


def test_a_limit_without_a_call_is_found_by_its_name() -> None:
    assert limit("state").most == 262144
