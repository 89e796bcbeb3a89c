"""Service Quotas through boto3: as AWS answers, with values that a test may set."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.report import cost
from local_aws.client import EmbeddedAws
from tests.fakes.service import check_shape, operations
from tests.support.asking import ask

PROCESSING = "L-0307F515"  # ml.m5.xlarge for processing job usage
CONCURRENT = "L-B99A9384"


@pytest.fixture
def quotas(embedded_aws: EmbeddedAws) -> Iterator[Any]:
    """A client; what a test sets is taken back."""
    yield embedded_aws.client("service-quotas")
    send(embedded_aws, "DELETE")


def send(aws: EmbeddedAws, method: str, body: Any = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    return json.loads(ask(aws, "/moto-api/service-quotas", data, method))


def answer_of(response: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in response.items() if name != "ResponseMetadata"}


@pytest.mark.parametrize("operation", ["list_service_quotas", "list_aws_default_service_quotas"])
def test_every_priced_instance_type_has_its_quotas(quotas: Any, operation: str) -> None:
    answer = answer_of(getattr(quotas, operation)(ServiceCode="sagemaker"))

    check_shape(answer, operations("service-quotas")[operation].output_shape)
    names = {quota["QuotaName"] for quota in answer["Quotas"]}
    types = {name for prices in cost.table()["region_prices"].values() for name in prices}
    kinds = ("processing", "training", "spot training")
    assert {f"{name} for {kind} job usage" for name in types for kind in kinds} <= names
    assert {f"Number of instances across all {kind} jobs" for kind in kinds} <= names


def test_one_quota_by_its_code(quotas: Any, embedded_aws: EmbeddedAws) -> None:
    answer = answer_of(quotas.get_service_quota(ServiceCode="sagemaker", QuotaCode=PROCESSING))

    check_shape(answer, operations("service-quotas")["get_service_quota"].output_shape)
    assert answer["Quota"]["QuotaName"] == "ml.m5.xlarge for processing job usage"
    assert answer["Quota"]["QuotaArn"] == (
        f"arn:aws:servicequotas:{embedded_aws.region}:123456789012:sagemaker/{PROCESSING}"
    )
    assert answer["Quota"]["Value"] >= 1000


def test_pages_hold_all_quotas_once(quotas: Any) -> None:
    pages = quotas.get_paginator("list_service_quotas").paginate(
        ServiceCode="sagemaker", PaginationConfig={"PageSize": 20}
    )
    found = [[quota["QuotaCode"] for quota in page["Quotas"]] for page in pages]

    assert [len(page) for page in found] == [20, 20, 20, 15]
    assert len({code for page in found for code in page}) == 75


def test_a_value_that_is_set_is_the_applied_one_and_no_default(
    quotas: Any, embedded_aws: EmbeddedAws
) -> None:
    assert send(embedded_aws, "POST", {PROCESSING: 0}) == {PROCESSING: 0}
    assert send(embedded_aws, "POST", {CONCURRENT: 10}) == {PROCESSING: 0, CONCURRENT: 10}

    one = quotas.get_service_quota(ServiceCode="sagemaker", QuotaCode=PROCESSING)["Quota"]
    listed = quotas.list_service_quotas(ServiceCode="sagemaker")["Quotas"]
    defaults = quotas.list_aws_default_service_quotas(ServiceCode="sagemaker")["Quotas"]
    assert one["Value"] == 0
    assert [quota["QuotaCode"] for quota in listed if quota["Value"] == 0] == [PROCESSING]
    assert all(quota["Value"] > 0 for quota in defaults)
    concurrent = quotas.get_service_quota(ServiceCode="lambda", QuotaCode=CONCURRENT)["Quota"]
    assert concurrent["Value"] == 10


def test_what_is_set_is_there_after_a_restart(tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path) as aws:
        send(aws, "POST", {PROCESSING: 0})
    with EmbeddedAws(tmp_path) as aws:
        quotas = aws.client("service-quotas")
        quota = quotas.get_service_quota(ServiceCode="sagemaker", QuotaCode=PROCESSING)["Quota"]
    assert quota["Value"] == 0


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ([], "expected an object"),
        ({"L-00000000": 1}, "found the quota code 'L-00000000'"),
        ({PROCESSING: -1}, "found -1, expected a number from 0"),
        ({PROCESSING: True}, "found True, expected a number from 0"),
    ],
)
def test_what_cannot_be_set_is_named(embedded_aws: EmbeddedAws, body: Any, problem: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        send(embedded_aws, "POST", body)
    assert refused.value.code == 400
    assert problem in json.load(refused.value)["message"]
    assert send(embedded_aws, "GET") == {}


def test_unknown_services_quotas_and_tokens_are_refused_as_on_aws(quotas: Any) -> None:
    refusals = [
        (quotas.list_service_quotas, {"ServiceCode": "nothing"}, "NoSuchResourceException"),
        (
            quotas.get_service_quota,
            {"ServiceCode": "sagemaker", "QuotaCode": "L-00000000"},
            "NoSuchResourceException",
        ),
        (
            quotas.list_service_quotas,
            {"ServiceCode": "sagemaker", "NextToken": "x"},
            "InvalidPaginationTokenException",
        ),
    ]
    for call, request, code in refusals:
        with pytest.raises(ClientError) as refused:
            call(**request)
        assert refused.value.response["Error"]["Code"] == code
