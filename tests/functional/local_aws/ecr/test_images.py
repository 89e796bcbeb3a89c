"""ECR through boto3: AWS's images with digests that change on request, and the account's own."""

import hashlib
import json
import urllib.error
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from lambdas.errors import ImageError
from lambdas.runs.images import parse, resolve
from local_aws.client import EmbeddedAws
from state_machine import images
from state_machine.config import PipelineConfig, load
from tests.fakes.service import check_shape, operations
from tests.support.asking import ask
from tests.support.paths import PROJECT
from tests.support.roles import acting_as, allow, make_role

AWS = "763104351884"
TRAINING, TAG = "tensorflow-training", "2.19-cpu-py312"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture
def ecr(embedded_aws: EmbeddedAws) -> Any:
    return embedded_aws.client("ecr")


@pytest.fixture
def pipeline() -> PipelineConfig:
    return load(PROJECT / "pipeline.toml")


def get(ecr: Any, repository: str, *, registry: str = AWS, **image_id: str) -> Any:
    return ecr.batch_get_image(registryId=registry, repositoryName=repository, imageIds=[image_id])


def digest_of(ecr: Any, tag: str, repository: str = TRAINING) -> str:
    (image,) = get(ecr, repository, imageTag=tag)["images"]
    digest: str = image["imageId"]["imageDigest"]
    return digest


def build_again(aws: EmbeddedAws, tag: str) -> str:
    asked = json.dumps({"repositoryName": TRAINING, "imageTag": tag}).encode()
    return str(json.loads(ask(aws, "/moto-api/ecr/build-image-again", asked))["imageDigest"])


def push(ecr: Any, repository: str, tag: str, content: str) -> str:
    manifest = json.dumps({"schemaVersion": 2, "layers": [], "config": {"digest": content}})
    pushed = ecr.put_image(
        repositoryName=repository,
        imageTag=tag,
        imageManifest=manifest,
        imageManifestMediaType=DOCKER,
    )
    digest: str = pushed["image"]["imageId"]["imageDigest"]
    return digest


@pytest.fixture
def repository(ecr: Any) -> str:
    name = f"team/own-{uuid4().hex[:8]}"
    ecr.create_repository(repositoryName=name)
    return name


def test_an_image_of_awss_has_the_digest_of_its_manifest_which_names_what_runs_here(
    ecr: Any,
) -> None:
    answer = get(ecr, TRAINING, imageTag=TAG)
    answer.pop("ResponseMetadata")

    check_shape(answer, operations("ecr")["batch_get_image"].output_shape)
    (image,) = answer["images"]
    assert image["registryId"] == AWS
    manifest = image["imageManifest"]
    assert image["imageId"] == {
        "imageTag": TAG,
        "imageDigest": f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}",
    }
    said = json.loads(manifest)["annotations"]["org.opencontainers.image.description"]
    assert "keras 3." in said
    assert "tensorflow" in said
    assert answer["failures"] == []


@pytest.mark.parametrize(
    ("changes", "endpoint"),
    [
        ({}, "ml.m5.large"),
        ({}, "ml.g5.xlarge"),
        ({"framework_version": "2.18.0", "py_version": "py310"}, "ml.m5.large"),
        ({"framework_version": "2.16", "py_version": "py310"}, "ml.m6g.large"),
    ],
)
@pytest.mark.parametrize("region", ["us-east-1", "eu-south-1", "cn-north-1"])
def test_every_image_that_the_sdk_names_is_there(
    embedded_aws: EmbeddedAws, pipeline: PipelineConfig, changes: Any, endpoint: str, region: str
) -> None:
    serving = {"inference_instance_types": [endpoint]}
    config = pipeline.model_copy(
        update={
            "training": pipeline.training.model_copy(update=changes),
            "registry": pipeline.registry.model_copy(update=serving),
        }
    )
    named = images.of_stage(config, region)
    found = resolve(named, lambda where: embedded_aws.client("ecr", region_name=where))
    assert all("@sha256:" in reference for reference in found.values())


def test_two_tags_of_one_version_are_one_image(ecr: Any) -> None:
    assert digest_of(ecr, "2.19.0-cpu-py312") == digest_of(ecr, TAG)
    assert digest_of(ecr, "2.19-gpu-py312") != digest_of(ecr, TAG)


def test_a_tag_that_was_built_again_names_another_image_and_the_one_before_stays(
    embedded_aws: EmbeddedAws, ecr: Any
) -> None:
    tag = "2.18-gpu-py310"
    before = digest_of(ecr, tag)

    after = build_again(embedded_aws, tag)

    assert before != after == digest_of(ecr, tag) == digest_of(ecr, "2.18.0-gpu-py310")
    for digest in (before, after):
        (image,) = get(ecr, TRAINING, imageDigest=digest)["images"]
        assert image["imageId"]["imageDigest"] == digest
    both = get(ecr, TRAINING, imageTag=tag, imageDigest=before)
    assert both["failures"][0]["failureCode"] == "ImageNotFound"


@pytest.mark.parametrize("body", [{}, {"repositoryName": TRAINING, "imageTag": "0.1"}])
def test_what_aws_cannot_build_again_is_named(embedded_aws: EmbeddedAws, body: Any) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(embedded_aws, "/moto-api/ecr/build-image-again", json.dumps(body).encode())
    assert refused.value.code == 400
    assert "expected the name and a tag" in json.loads(refused.value.read())["message"]


@pytest.mark.parametrize(
    ("image_id", "code"),
    [
        ({"imageTag": "2.19-cpu-py39"}, "ImageNotFound"),
        ({"imageDigest": f"sha256:{'0' * 64}"}, "ImageNotFound"),
        ({"imageDigest": "nonsense"}, "InvalidImageDigest"),
        ({}, "MissingDigestAndTag"),
    ],
)
def test_an_image_that_is_not_there_is_a_failure(ecr: Any, image_id: Any, code: str) -> None:
    answer = get(ecr, TRAINING, **image_id)
    assert answer["images"] == []
    (failure,) = answer["failures"]
    assert (failure["failureCode"], failure["imageId"]) == (code, image_id)


@pytest.mark.parametrize(
    ("registry", "name"),
    [(AWS, "nonsense"), ("123456789012", TRAINING), ("210987654321", TRAINING)],
)
def test_a_repository_that_is_not_there_is_an_error(ecr: Any, registry: str, name: str) -> None:
    with pytest.raises(ecr.exceptions.RepositoryNotFoundException, match=registry):
        get(ecr, name, registry=registry, imageTag=TAG)


def test_an_image_of_ones_own_stays_when_its_tag_goes_to_another(ecr: Any, repository: str) -> None:
    first = push(ecr, repository, "latest", "one")
    second = push(ecr, repository, "latest", "two")
    push(ecr, repository, "same", "two")

    host = f"123456789012.dkr.ecr.{ecr.meta.region_name}.amazonaws.com/{repository}"
    named = {"a": f"{host}:latest", "b": f"{host}:same", "c": f"{host}@{first}"}
    found = resolve(named, lambda _: ecr)
    assert found == {"a": f"{host}@{second}", "b": f"{host}@{second}", "c": f"{host}@{first}"}
    with pytest.raises(ImageError, match="ImageNotFound"):
        resolve({"a": f"{host}:gone"}, lambda _: ecr)


def test_a_role_needs_the_right_on_the_repository_of_awss(
    embedded_aws: EmbeddedAws, pipeline: PipelineConfig
) -> None:
    image = images.of_stage(pipeline, embedded_aws.region)["cpu"]
    read = allow("ecr:BatchGetImage", images.repository_arn(image, "aws"))
    granted = acting_as(embedded_aws, make_role(embedded_aws, read), "ecr")
    assert "@" in resolve({"training": image}, lambda _: granted)["training"]

    ours = f"arn:aws:ecr:{embedded_aws.region}:123456789012:repository/*"
    denied = acting_as(
        embedded_aws, make_role(embedded_aws, allow("ecr:BatchGetImage", ours)), "ecr"
    )
    with pytest.raises(ImageError, match=rf"cannot be read.*AccessDenied.*{AWS}:repository"):
        resolve({"training": image}, lambda _: denied)


def test_the_registry_of_another_region_has_no_repositories_in_this_one(
    embedded_aws: EmbeddedAws,
) -> None:
    """The registry of another region of AWS's is another account in some of them."""
    image = parse(f"626614931356.dkr.ecr.af-south-1.amazonaws.com/{TRAINING}:{TAG}")
    assert image is not None
    here = embedded_aws.client("ecr", region_name="us-east-1")
    with pytest.raises(ClientError, match="626614931356"):
        get(here, TRAINING, registry=image.account, imageTag=TAG)


@pytest.mark.parametrize(
    ("registry", "repository", "tag"),
    [
        ("683313688378", "sagemaker-scikit-learn", "1.2-1-cpu-py3"),
        ("683313688378", "sagemaker-xgboost", "1.7-1"),
        (AWS, "pytorch-training", "2.8.0-cpu-py312"),
        (
            AWS,
            "huggingface-pytorch-training",
            "2.5.1-transformers4.49.0-gpu-py311-cu124-ubuntu22.04",
        ),
    ],
)
def test_images_of_other_frameworks_are_there(
    ecr: Any, registry: str, repository: str, tag: str
) -> None:
    (image,) = get(ecr, repository, registry=registry, imageTag=tag)["images"]
    digest = image["imageId"]["imageDigest"]
    (again,) = get(ecr, repository, registry=registry, imageDigest=digest)["images"]
    assert again["imageManifest"] == image["imageManifest"]
    gone = get(ecr, repository, registry=registry, imageDigest=f"sha256:{'0' * 64}")
    assert gone["failures"][0]["failureCode"] == "ImageNotFound"
