"""Jobs and the registry take images of ECR that are there, by tag and by digest, and no others."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.runs.images import resolve
from local_aws.client import EmbeddedAws
from tests.functional.sagemaker_requests import Account, training, unique

TAGGED = "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-training:2.19-cpu-py312"
REPOSITORY = TAGGED.partition(":")[0]
GONE = f"{REPOSITORY}@sha256:{'0' * 64}"
MISSING = [
    (GONE, "Cannot find the requested image.*tag: null and digest: sha256:0{64}"),
    (f"{REPOSITORY}:0.1", "Cannot find the requested image.*tag: 0.1 and digest: null"),
    (f"{REPOSITORY}-own:1", "Cannot find repository: tensorflow-training-own in registry ID: 76"),
]


@pytest.fixture
def account(embedded_aws: EmbeddedAws) -> Account:
    return Account(embedded_aws)


@pytest.fixture
def pinned(embedded_aws: EmbeddedAws) -> str:
    return resolve({"image": TAGGED}, lambda _: embedded_aws.client("ecr"))["image"]


def test_a_training_runs_the_image_of_a_digest(account: Account, pinned: str) -> None:
    name, image = unique("pinned"), {"AlgorithmSpecification": {"TrainingImage": pinned}}
    account.sagemaker.create_training_job(**training(name, account.uri("out"), "true", **image))
    job = account.ended_training(name)
    assert (job["TrainingJobStatus"], job["AlgorithmSpecification"]["TrainingImage"]) == (
        "Completed",
        pinned,
    )


@pytest.mark.parametrize(("image", "said"), MISSING)
def test_a_training_without_its_image_is_refused(account: Account, image: str, said: str) -> None:
    asked = training(
        unique("gone"),
        account.uri("out"),
        "true",
        AlgorithmSpecification={"TrainingImage": image},
    )
    with pytest.raises(ClientError, match=f"ValidationException.*{said}"):
        account.sagemaker.create_training_job(**asked)


def processed(account: Account, image: str) -> Any:
    name = unique("processing")
    asked = account.processing(name, "true")
    asked["AppSpecification"]["ImageUri"] = image
    account.sagemaker.create_processing_job(**asked)
    return account.ended_processing(name)


def test_a_processing_job_runs_the_image_of_a_digest(account: Account, pinned: str) -> None:
    assert processed(account, pinned)["ProcessingJobStatus"] == "Completed"


@pytest.mark.parametrize("image", [image for image, _ in MISSING])
def test_a_processing_job_without_its_image_fails(account: Account, image: str) -> None:
    job = processed(account, image)
    assert job["ProcessingJobStatus"] == "Failed"
    assert job["FailureReason"] == (
        f"ClientError: API error (404): manifest for {image} not found: manifest unknown: "
        "Requested image not found"
    )


def test_a_version_is_registered_with_an_image_that_is_there(account: Account, pinned: str) -> None:
    group = unique("group")
    account.sagemaker.create_model_package_group(ModelPackageGroupName=group)

    def register(image: str) -> Any:
        arn = account.sagemaker.create_model_package(
            ModelPackageGroupName=group,
            InferenceSpecification={
                "Containers": [{"Image": image, "ModelDataUrl": account.uri("model.tar.gz")}],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
        )["ModelPackageArn"]
        found = account.sagemaker.describe_model_package(ModelPackageName=arn)
        return found["InferenceSpecification"]["Containers"][0]["Image"]

    assert register(pinned) == pinned
    for image, _ in MISSING:
        with pytest.raises(ClientError, match=r"Requested image .* not found"):
            register(image)


def test_a_processing_job_runs_in_the_place_of_other_frameworks_images(account: Account) -> None:
    image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
    assert processed(account, image)["ProcessingJobStatus"] == "Completed"
