"""Model packages through boto3."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import unique


@pytest.fixture
def sagemaker(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("sagemaker")


@pytest.fixture
def group(sagemaker: Any) -> str:
    name = unique("group")
    sagemaker.create_model_package_group(ModelPackageGroupName=name)
    return name


def package(group: str, **more: Any) -> dict[str, Any]:
    metrics = {"ContentType": "application/json", "S3Uri": "s3://bucket/evaluation.json"}
    container = {"Image": "image", "ModelDataUrl": "s3://bucket/model.tar.gz"}
    return {
        "ModelPackageGroupName": group,
        "ModelMetrics": {"ModelQuality": {"Statistics": metrics}},
        "InferenceSpecification": {
            "Containers": [container],
            "SupportedContentTypes": ["application/json"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        **more,
    }


def versions(sagemaker: Any, group: str, **filters: Any) -> list[int]:
    found = sagemaker.list_model_packages(ModelPackageGroupName=group, **filters)
    return [item["ModelPackageVersion"] for item in found["ModelPackageSummaryList"]]


def test_one_client_token_registers_once(sagemaker: Any, group: str) -> None:
    request = package(group, ClientToken=unique("token"))

    with ThreadPoolExecutor(4) as pool:
        arns = {
            response["ModelPackageArn"]
            for response in pool.map(lambda _: sagemaker.create_model_package(**request), range(8))
        }
    other = sagemaker.create_model_package(**package(group, ClientToken=unique("token")))

    assert len(arns) == 1
    assert versions(sagemaker, group) == [1, 2]
    assert other["ModelPackageArn"].endswith(f":model-package/{group}/2")


def test_a_version_keeps_what_was_registered_with_it(sagemaker: Any, group: str) -> None:
    metadata = {"run_id": "one", "accuracy": "0.91"}
    arn = sagemaker.create_model_package(**package(group, CustomerMetadataProperties=metadata))[
        "ModelPackageArn"
    ]

    described = sagemaker.describe_model_package(ModelPackageName=arn)

    assert described["CustomerMetadataProperties"] == metadata
    assert described["ModelApprovalStatus"] == "PendingManualApproval"
    assert described["ModelPackageStatus"] == "Completed"
    statistics = described["ModelMetrics"]["ModelQuality"]["Statistics"]
    assert statistics["S3Uri"] == "s3://bucket/evaluation.json"
    assert described["InferenceSpecification"]["Containers"][0]["Image"] == "image"


def test_an_approval_changes_the_approval_only(sagemaker: Any, group: str) -> None:
    metadata = {"run_id": "one"}
    arn = sagemaker.create_model_package(**package(group, CustomerMetadataProperties=metadata))[
        "ModelPackageArn"
    ]

    sagemaker.update_model_package(
        ModelPackageArn=arn, ModelApprovalStatus="Approved", ApprovalDescription="looks good"
    )
    sagemaker.update_model_package(
        ModelPackageArn=arn, CustomerMetadataProperties={"reviewer": "ann"}
    )

    described = sagemaker.describe_model_package(ModelPackageName=arn)
    assert described["ModelApprovalStatus"] == "Approved"
    assert described["ApprovalDescription"] == "looks good"
    assert described["CustomerMetadataProperties"] == {"run_id": "one", "reviewer": "ann"}


def test_the_newest_approved_version_can_be_found(sagemaker: Any, group: str) -> None:
    for status in ("Approved", "Approved", "Rejected"):
        sagemaker.create_model_package(**package(group, ModelApprovalStatus=status))

    newest = versions(
        sagemaker,
        group,
        ModelApprovalStatus="Approved",
        SortBy="CreationTime",
        SortOrder="Descending",
        MaxResults=1,
    )

    assert newest == [2]


def test_a_group_may_be_named_by_its_arn(sagemaker: Any, group: str) -> None:
    arn = sagemaker.describe_model_package_group(ModelPackageGroupName=group)[
        "ModelPackageGroupArn"
    ]

    sagemaker.create_model_package(**package(arn))

    assert versions(sagemaker, group) == [1]


def test_a_group_is_not_replaced(sagemaker: Any, group: str) -> None:
    with pytest.raises(ClientError, match="already exists") as refused:
        sagemaker.create_model_package_group(ModelPackageGroupName=group)

    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_a_deleted_version_is_gone_and_its_number_is_never_given_again(
    sagemaker: Any, group: str
) -> None:
    first, second = (
        sagemaker.create_model_package(**package(group))["ModelPackageArn"] for _ in range(2)
    )

    sagemaker.delete_model_package(ModelPackageName=first)

    assert versions(sagemaker, group) == [2]
    with pytest.raises(ClientError, match="not found"):
        sagemaker.describe_model_package(ModelPackageName=first)
    third = sagemaker.create_model_package(**package(group))["ModelPackageArn"]
    assert third.endswith("/3")
    assert sagemaker.describe_model_package(ModelPackageName=second)["ModelPackageVersion"] == 2


def test_a_group_is_deleted_when_it_has_no_versions(sagemaker: Any, group: str) -> None:
    arn = sagemaker.create_model_package(**package(group))["ModelPackageArn"]
    with pytest.raises(ClientError, match="ConflictException"):
        sagemaker.delete_model_package_group(ModelPackageGroupName=group)
    sagemaker.delete_model_package(ModelPackageName=arn)

    sagemaker.delete_model_package_group(ModelPackageGroupName=group)

    with pytest.raises(ClientError, match="does not exist"):
        sagemaker.describe_model_package_group(ModelPackageGroupName=group)


def test_arns_have_a_groups_name_in_lower_case_and_find_it(sagemaker: Any) -> None:
    name = unique("Group-With-Capitals")
    tags = [{"Key": "team", "Value": "vision"}]

    made = sagemaker.create_model_package_group(ModelPackageGroupName=name, Tags=tags)
    registered = sagemaker.create_model_package(**package(name))

    group_arn, arn = made["ModelPackageGroupArn"], registered["ModelPackageArn"]
    assert group_arn.endswith(f":model-package-group/{name.lower()}")
    assert arn.endswith(f":model-package/{name.lower()}/1")
    found = sagemaker.describe_model_package_group(ModelPackageGroupName=name)
    assert found["ModelPackageGroupName"] == name
    assert sagemaker.list_tags(ResourceArn=group_arn)["Tags"] == tags
    assert sagemaker.describe_model_package(ModelPackageName=arn)["ModelPackageGroupName"] == name
    assert versions(sagemaker, name) == [1]
