"""The tables of calls that may lag behind."""

import botocore.session
import pytest

from local_aws.requests.eventual import KINDS

CALLS = sorted({call for calls in KINDS.values() for call in calls})


@pytest.mark.parametrize("call", CALLS)
def test_each_call_is_one_of_boto3s(call: str) -> None:
    service, operation = call.split("/")
    model = botocore.session.get_session().get_service_model(service)
    assert operation in model.operation_names


def test_each_call_has_its_page_or_is_known_to_have_none() -> None:
    pages = {call: page for calls in KINDS.values() for call, page in calls.items()}
    assert {call for call, page in pages.items() if not page.startswith("https://docs.aws.")} == {
        "lambda/PutFunctionEventInvokeConfig",
        "logs/DescribeLogGroups",
        "sagemaker/ListProcessingJobs",
        "sagemaker/ListTrainingJobs",
    }


def test_no_call_lags_behind_in_two_ways() -> None:
    assert len(CALLS) == sum(len(calls) for calls in KINDS.values())
